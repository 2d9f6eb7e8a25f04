# Volume-preserving affine coupling: a -> a * exp(s(c)) + t(c) with sum s = 0 (the mean is subtracted),
# Dibak, Klein, Noe, section 2. a and c are [B, n*d]: coordinates and momenta, or the other way round.
def log_scale_and_shift(self, c: Tensor) -> Tuple[Tensor, Tensor]:
    raw, shift = self.conditioner(c).chunk(2, 1)
    bounded = torch.tanh(raw)
    return bounded - bounded.mean(1, keepdim=True), shift

def apply(self, a: Tensor, c: Tensor) -> Tensor:
    s, t = self.log_scale_and_shift(c)
    return torch.addcmul(t, a, torch.exp(s))

def undo(self, a: Tensor, c: Tensor) -> Tensor:
    s, t = self.log_scale_and_shift(c)
    return (a - t) * torch.exp(-s)
