# Temperature-steerable flow (Dibak, Klein, Noe, arXiv 2012.00429): u [B, 2, n, d] holds latent coordinates
# and momenta, both N(0, tau). The map does not depend on tau: temperature enters through the prior alone,
# which is why log_det must be, and is, one constant: n*d * ln k for the scale k of the latent coordinates.
def latent_scale(self) -> Tensor:
    k = torch.exp(self.log_scale)
    return torch.stack((k, torch.ones_like(k))).unsqueeze(1) / self.thermal

def log_volume(self, u: Tensor) -> Tensor:
    constant = self.log_scale.to(self.log_unit.dtype) * self.coordinates + self.log_unit
    return constant.expand(u.size(0))

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    x, p = (u.flatten(2) * self.latent_scale()).unbind(1)
    #each even coupling
    p = self.coupling_{coupling}.apply(p, x)
    #each odd coupling
    x = self.coupling_{coupling}.apply(x, p)
    #end
    x = self.to_target(x)
    v = torch.stack((x, p * self.thermal), 1).view(u.size())
    return v, self.log_volume(u)

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    x, p = v.flatten(2).unbind(1)
    x = self.from_target(x)
    p = p / self.thermal
    #reverse even coupling
    p = self.coupling_{coupling}.undo(p, x)
    #reverse odd coupling
    x = self.coupling_{coupling}.undo(x, p)
    #end
    u = (torch.stack((x, p), 1) / self.latent_scale()).view(v.size())
    return u, -self.log_volume(v)
