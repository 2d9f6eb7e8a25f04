# From the couplings' coordinates y [B, n*d] to the target's: x = mean + spread * y, constants from data.
def to_target(self, y: Tensor) -> Tensor:
    return torch.addcmul(self.mean, y, self.spread)

def from_target(self, x: Tensor) -> Tensor:
    return (x - self.mean) / self.spread
