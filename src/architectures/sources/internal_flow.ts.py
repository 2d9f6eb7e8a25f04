# A molecule in internal coordinates (docs/flows.md): u [B, S, n, 3] holds {frame} carried numbers, {soft} gaussians
# of the torsions that turn and {hard} of the other coordinates, then {momenta} momenta, all but the carried ones
# N(0, tau). Temperature enters through the prior and the density of the torsions alone.
def features(self, phi: Tensor) -> Tensor:
    angles = torch.matmul(phi, self.multiples)
    return torch.cat([torch.cos(angles), torch.sin(angles)], 1)

def weights(self) -> Tensor:
    rest = torch.ones_like(self.centre)
    momenta = self.centre.new_zeros([{momenta}]) + 1.0
    none = self.centre.new_zeros([{features} + {hard} + {momenta}])
    return torch.cat([self.unit, torch.exp(self.log_gain) / self.thermal, momenta / self.thermal, none,
                      self.unit, rest, momenta * self.thermal, none,
                      #each coupling
                      self.coupling_{coupling}.weights(),
                      #end
                      self.padding], 0)

def couplings(self, e: Tensor, p: Tensor, features: Tensor, inverse: bool) -> Tuple[Tensor, Tensor, Tensor]:
    volume = self.log_unit + self.log_gain.to(self.log_unit.dtype).sum()
    mapped, log_det = nflow.coupling_flow(torch.cat([features, e, p], 1), self.weights(), volume, self.places, "{kind}",
                                          "{activation}", 0, 0, 0, {hidden}, {sizes}, inverse)
    return mapped[:, {features}:{features} + {hard}], mapped[:, {features} + {hard}:], log_det

def mean_given(self, features: Tensor) -> Tensor:
    return torch.addmm(self.centre, features, self.coefficients)

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    q = u.select(1, 0).flatten(1)
    phi, log_det = self.torsions_forward(q[:, {frame}:{frame} + {soft}], tau[1])
    features = self.features(phi)
    white, p, gain = self.couplings(q[:, {frame} + {soft}:], u.flatten(1)[:, q.size(1):], features, False)
    rest = torch.matmul(white, self.spread)
    # Beyond half a turn the inverse would find another point: not defined there.
    around = torch.gt(2.0 * torch.abs(rest), self.period).any(1)
    gain = gain.masked_fill(around, float('nan'))
    z = torch.cat([q[:, :{frame}], phi, self.mean_given(features) + rest], 1).index_select(1, self.order)
    x, volume = nflow.internal_to_cartesian(z.view([u.size(0), u.size(2), 3]), self.tree)
    return torch.cat([x.flatten(1), p], 1).view(u.size()), log_det + gain + volume

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    z, volume = nflow.cartesian_to_internal(v.select(1, 0), self.tree)
    q = z.flatten(1).index_select(1, self.parts)
    phi = q[:, {frame}:{frame} + {soft}]
    soft, log_det = self.torsions_inverse(phi, tau[1])
    features = self.features(phi)
    rest = q[:, {frame} + {soft}:] - self.mean_given(features)
    rest = rest - self.period * torch.round(rest / self.period)
    white = torch.matmul(rest, self.spread_inverse)
    e, p, gain = self.couplings(white, v.flatten(1)[:, q.size(1):], features, True)
    u = torch.cat([q[:, :{frame}], soft, e, p], 1).view(v.size())
    return u, log_det + gain + volume

# What of the volume is that of Cartesian coordinates, which no temperature scales: ln|det dv/dq|.
def log_det_coordinates(self, v: Tensor) -> Tensor:
    z, volume = nflow.cartesian_to_internal(v.select(1, 0), self.tree)
    return -volume
