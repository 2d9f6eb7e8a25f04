# The weights of a flow for a ladder of pairs: linear in 1, the mean of ln tau and the ratio of the temperatures
# (both centred and scaled by constants), so that a pair between two trained ones is served too.
def weights_at(self, tau: Tensor) -> Tensor:
    log_tau = torch.log(tau)
    middle = (0.5 * (log_tau[0] + log_tau[1]) - self.middle[0]) / self.middle[1]
    fall = (log_tau[1] - log_tau[0] - self.fall[0]) / self.fall[1]
    features = torch.stack((torch.ones_like(middle), middle, fall)).to(self.weights.dtype)
    return torch.mv(self.weights, features)
