# RealNVP (the baseline of the TSF paper): u [B, 1, n, d] ~ N(0, tau); the flattened coordinates in two
# halves a, b that are updated in turn. log_det depends on the point, so it is not steerable.
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    a, b = (u.flatten(1) / self.thermal).split_with_sizes([{first}, {second}], 1)
    log_a, log_b = torch.zeros_like(a), torch.zeros_like(b)
    #each even coupling
    b, s_{coupling} = self.coupling_{coupling}.apply(b, a)
    log_b = log_b + s_{coupling}
    #each odd coupling
    a, s_{coupling} = self.coupling_{coupling}.apply(a, b)
    log_a = log_a + s_{coupling}
    #end
    v = self.to_target(torch.cat((a, b), 1)).view(u.size())
    return v, torch.cat((log_a, log_b), 1).sum(1).to(self.log_unit.dtype) + self.log_unit

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    a, b = self.from_target(v.flatten(1)).split_with_sizes([{first}, {second}], 1)
    log_a, log_b = torch.zeros_like(a), torch.zeros_like(b)
    #reverse even coupling
    b, s_{coupling} = self.coupling_{coupling}.undo(b, a)
    log_b = log_b + s_{coupling}
    #reverse odd coupling
    a, s_{coupling} = self.coupling_{coupling}.undo(a, b)
    log_a = log_a + s_{coupling}
    #end
    u = (torch.cat((a, b), 1) * self.thermal).view(v.size())
    return u, -torch.cat((log_a, log_b), 1).sum(1).to(self.log_unit.dtype) - self.log_unit
