# Affine coupling of RealNVP: a -> a * exp(s(c)) + t(c), the network of the TSF coupling without the
# volume constraint. Returns s as well: ln|det| is its sum.
def log_scale_and_shift(self, c: Tensor) -> Tuple[Tensor, Tensor]:
    raw, shift = self.conditioner(c).chunk(2, 1)
    return torch.tanh(raw), shift

def apply(self, a: Tensor, c: Tensor) -> Tuple[Tensor, Tensor]:
    s, t = self.log_scale_and_shift(c)
    return torch.addcmul(t, a, torch.exp(s)), s

def undo(self, a: Tensor, c: Tensor) -> Tuple[Tensor, Tensor]:
    s, t = self.log_scale_and_shift(c)
    return (a - t) * torch.exp(-s), s
