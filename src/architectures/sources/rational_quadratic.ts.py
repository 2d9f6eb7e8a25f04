# Monotone rational-quadratic spline S of [0, 1] onto itself with K bins (Durkan et al. 2019, eqs. 4-8): raw_shares
# [B, n, 2 K] gives the shares of the bins in width, then in height, raw_slope [B, n, K + 1] the slopes at their ends.
# Raw zeros give the identity. Bins have at least a tenth of the equal share and slopes are within e^-3 and e^3, which
# bounds the error of the inverse. w [B, n, 1] -> S(w), ln S'(w), or with `inverse` S^-1(w), ln (S^-1)'(w).
# Few operations on small tensors are what costs here: both kinds of shares go together, and one gather finds all that
# belongs to the bin.
def rational_quadratic(self, w: Tensor, raw_shares: Tensor, raw_slope: Tensor,
                       inverse: bool) -> Tuple[Tensor, Tensor]:
    shares = 0.1 / {bins} + 0.9 * torch.softmax(raw_shares.reshape([w.size(0), w.size(1), 2, {bins}]), 3)
    ends = torch.cumsum(shares, 3)
    edges = ends.select(2, 1 if inverse else 0).narrow(2, 0, {bins} - 1)
    index = (w >= edges).sum(2, keepdim=True).unsqueeze(2).expand([-1, -1, 6, -1])
    slopes = torch.exp(3.0 * torch.tanh(raw_slope / 3.0)).unsqueeze(2)
    parts = torch.cat((shares, ends - shares, slopes.narrow(3, 0, {bins}), slopes.narrow(3, 1, {bins})), 2)
    bin = parts.gather(3, index).squeeze(3)
    width, height, left, bottom, slope_0, slope_1 = bin.split_with_sizes([1, 1, 1, 1, 1, 1], 2)
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
    share = mean / denominator
    log_slope = torch.log(share * share * (slope_1 * xi * xi + 2.0 * mean * xi * rest + slope_0 * rest * rest))
    if inverse:
        return left + width * xi, -log_slope
    return bottom + height * xi * (mean * xi + slope_0 * rest) / denominator, log_slope
