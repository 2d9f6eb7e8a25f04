# The weights of a flow for one pair of temperatures.
def weights_at(self, log_tau: Tensor) -> Tensor:
    return self.weights
