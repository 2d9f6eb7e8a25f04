# Rational-quadratic spline of [-1, 1] onto itself with linear tails (Durkan et al. 2019): q stays as it is outside,
# and the slopes at both ends are 1, so that the map is once continuously differentiable on the whole line.
# q [B, m, 1], raw [B, m, 3 K - 1].
def spline(self, q: Tensor, raw: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    shares, slope = raw.split_with_sizes([2 * {bins}, {bins} - 1], 2)
    inside = torch.abs(q) < 1.0
    w = torch.clamp(0.5 * q + 0.5, 0.0, 1.0)
    moved, log_slope = self.rational_quadratic(w, shares, torch.constant_pad_nd(slope, [1, 1], 0.0), inverse)
    return torch.where(inside, 2.0 * moved - 1.0, q), torch.where(inside, log_slope, torch.zeros_like(q))
