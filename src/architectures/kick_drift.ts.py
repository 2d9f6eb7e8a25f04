# Learned damped dynamics (docs/flows.md): u, v [B, 2, n, d] are positions in a periodic box and momenta of unit
# variance, x ~ exp(-U/tau[0]) on the side of u and exp(-U/tau[1]) on that of v. L layers of a kick p <- k p + F(x)
# and a drift x <- x + s p; k, s and the radial force F depend on the species, and on nothing else but tau.
# self.weights holds, for each of them in this order, damping rate [L, S], log of the step [L, S], log of the first
# step [S], rate of the last scale [S], change of the strength [L, P], spline coefficients [L, P, K].
def numbers(self, tau: Tensor) -> List[Tensor]:
    log_tau = torch.log(tau)
    fall = log_tau[1] - log_tau[0]
    theta = self.weights_at(log_tau)
    step = self.step.to(theta.dtype) * torch.exp(0.5 * log_tau[0]).to(theta.dtype)
    kick = self.kick.to(theta.dtype) * torch.exp(-0.5 * log_tau[0]).to(theta.dtype)
    fall = fall.to(theta.dtype)
    parts = torch.split_with_sizes(theta, {sizes})
    damping = torch.exp(fall * parts[0]).view({layers}, {species})
    drift = (step * torch.exp(parts[1])).view({layers}, {species})
    first_drift = step * torch.exp(parts[2])
    last_scale = torch.exp(fall * parts[3])
    strength = (kick * (1.0 + parts[4])).view({layers}, {pairs})
    splines = (kick * self.spline_unit.to(theta.dtype) * parts[5]).view({layers}, {pairs}, {spline_size})
    return [damping, drift, first_drift, last_scale, strength, splines]

# ln|det| for each atom that moves, by species, from the very numbers that multiply the momenta.
def log_volume(self, n: List[Tensor]) -> Tensor:
    return (torch.log(n[0].double()).sum(0) + torch.log(n[3].double())) * {dim}

def map_points(self, u: Tensor, n: List[Tensor], mask: Tensor, inverse: bool) -> Tensor:
    return nflow.kick_drift(u, n[0], n[1], n[2], n[3], n[4], n[5], self.species, self.box, self.sigma, self.epsilon,
                            {cutoff}, mask, inverse)

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    n = self.numbers(tau)
    log_det = torch.dot(self.log_volume(n), self.counts)
    return self.map_points(u, n, self.no_mask, False), log_det.expand(u.size(0))

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    n = self.numbers(tau)
    log_det = torch.dot(self.log_volume(n), self.counts)
    return self.map_points(v, n, self.no_mask, True), -log_det.expand(v.size(0))

# The same for the atoms of mask [B, n] (bool) alone, in the presence of the others.
def forward_masked(self, u: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    n = self.numbers(tau)
    log_det = torch.mv(mask.double(), self.log_volume(n)[self.species])
    return self.map_points(u, n, mask, False), log_det

def inverse_masked(self, v: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    n = self.numbers(tau)
    log_det = torch.mv(mask.double(), self.log_volume(n)[self.species])
    return self.map_points(v, n, mask, True), -log_det
