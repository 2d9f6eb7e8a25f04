# Circular rational-quadratic spline S of [0, 1] onto itself (Rezende et al. 2020; Durkan et al. 2019, eqs. 4-8):
# raw [B, n, 3 K] gives the shares of K bins in width and in height, and the slopes at their left ends; the slope at
# 1 is that at 0, so that S is once continuously differentiable on the circle. Raw zeros give the identity. Bins
# have at least a tenth of the equal share and slopes are within e^-3 and e^3, which bounds the error of the inverse.
def shares(self, raw: Tensor) -> Tensor:
    return 0.1 / {bins} + 0.9 * torch.softmax(raw, 2)

# w [B, n, 1] -> S(w), ln S'(w), or with `inverse` S^-1(w), ln (S^-1)'(w).
def spline(self, w: Tensor, raw: Tensor, inverse: bool) -> Tuple[Tensor, Tensor]:
    raw_width, raw_height, raw_slope = raw.chunk(3, 2)
    widths = self.shares(raw_width)
    heights = self.shares(raw_height)
    slopes = torch.exp(3.0 * torch.tanh(raw_slope / 3.0))
    right = torch.cumsum(widths, 2)
    top = torch.cumsum(heights, 2)
    edges = top if inverse else right
    index = (w >= edges.narrow(2, 0, {bins} - 1)).sum(2, keepdim=True)
    width = widths.gather(2, index)
    height = heights.gather(2, index)
    left = right.gather(2, index) - width
    bottom = top.gather(2, index) - height
    slope_0 = slopes.gather(2, index)
    slope_1 = slopes.gather(2, (index + 1).remainder({bins}))
    mean = height / width
    bend = slope_0 + slope_1 - 2.0 * mean
    if inverse:
        # The root of a xi^2 + b xi = mean eta, in the form without cancellation. The discriminant is the
        # square of (d eta / d xi) times the denominator below, so it is positive.
        eta = (w - bottom) / height
        a = mean - slope_0 + eta * bend
        b = slope_0 - eta * bend
        xi = 2.0 * mean * eta / (b + torch.sqrt(b * b + 4.0 * a * mean * eta))
    else:
        xi = (w - left) / width
    rest = 1.0 - xi
    denominator = mean + bend * xi * rest
    numerator = slope_1 * xi * xi + 2.0 * mean * xi * rest + slope_0 * rest * rest
    log_slope = 2.0 * torch.log(mean / denominator) + torch.log(numerator)
    if inverse:
        return left + width * xi, -log_slope
    return bottom + height * xi * (mean * xi + slope_0 * rest) / denominator, log_slope
