# Temperature-steerable flow (flow_tsf.ts.py): coordinates, then momenta.
def ends(self) -> Tensor:
    one = torch.ones_like(self.mean)
    k = torch.exp(self.log_scale)
    return torch.cat([one * k / self.thermal, one / self.thermal, torch.zeros_like(one), torch.zeros_like(one),
                      one * self.spread, one * self.thermal, self.mean, torch.zeros_like(one)], 0)

def log_volume(self) -> Tensor:
    return self.log_scale.to(self.log_unit.dtype) * self.coordinates + self.log_unit
