# RealNVP (flow_rnvp.ts.py).
def ends(self) -> Tensor:
    one = torch.ones_like(self.mean)
    return torch.cat([one / self.thermal, torch.zeros_like(one), one * self.spread, self.mean], 0)

def log_volume(self) -> Tensor:
    return self.log_unit
