# Circular rational-quadratic spline S of [0, 1] onto itself (Rezende et al. 2020): raw [B, n, 3 K] gives the shares of
# the bins and the slopes at their left ends; the slope at 1 is that at 0, so that S is once continuously
# differentiable on the circle.
def spline(self, w: Tensor, raw: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    shares, slope = raw.split_with_sizes([2 * {bins}, {bins}], 2)
    return self.rational_quadratic(w, shares, torch.cat((slope, slope.narrow(2, 0, 1)), 2), inverse)
