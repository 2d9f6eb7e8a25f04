# A steerable density of m torsions (docs/flows.md): u [B, m] are gaussians of variance kT [], phi [B, m] angles in
# (-pi, pi] of density exp(-sum of the energies of their bins / kT) / Z(kT).
def torsions_map(self, points: Tensor, kT: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    mapped, log_det = nflow.torsion_density(points.double(), self.torsion_energies, self.torsion_parents,
                                            self.torsion_cuts, kT, {bins}, inverse)
    return mapped.to(points.dtype), log_det

def torsions_forward(self, u: Tensor, kT: Tensor) -> Tuple[Tensor, Tensor]:
    return self.torsions_map(u, kT, False)

def torsions_inverse(self, phi: Tensor, kT: Tensor) -> Tuple[Tensor, Tensor]:
    return self.torsions_map(phi, kT, True)

# From the density at kT_0 to that at kT_1, by conditional quantiles.
def torsions_transport(self, phi: Tensor, kT_0: Tensor, kT_1: Tensor) -> Tuple[Tensor, Tensor]:
    u, log_det_0 = self.torsions_inverse(phi, kT_0)
    ratio = kT_1 / kT_0
    moved, log_det_1 = self.torsions_forward(u * torch.sqrt(ratio), kT_1)
    return moved, log_det_0 + log_det_1 + 0.5 * phi.size(1) * torch.log(ratio)
