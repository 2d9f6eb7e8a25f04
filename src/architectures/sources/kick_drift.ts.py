# Learned damped dynamics (docs/flows.md): u, v [B, 2, n, d] are positions in a periodic box and momenta of unit
# variance, x ~ exp(-U/tau[0]) on the side of u and exp(-U/tau[1]) on that of v. L layers of a kick p <- k p + F(x)
# and a drift x <- x + s p; k, s and the radial force F depend on the species, and on nothing else but tau. The
# operator turns the weights into these numbers (src/operators/kick_drift_weights.h), maps, and returns log_det.
def map_points(self, u: Tensor, tau: Tensor, mask: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    return nflow.kick_drift(u, self.weights_at(tau), tau, {layers}, {spline_size}, {step}, {kick}, {spline_unit},
                            self.species, self.box, self.sigma, self.epsilon, {cutoff}, mask, inverse)

def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(u, tau, self.no_mask, False)

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(v, tau, self.no_mask, True)

# The same for the atoms of mask [B, n] (bool) alone, in the presence of the others.
def forward_masked(self, u: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(u, tau, mask, False)

def inverse_masked(self, v: Tensor, tau: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    return self.map_points(v, tau, mask, True)
