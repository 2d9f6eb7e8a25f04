#ifndef NFLOW_OPERATORS_SPLINE_BIN_H
#define NFLOW_OPERATORS_SPLINE_BIN_H

#include <cmath>

namespace nflow::operators {

/// One bin of a monotone rational-quadratic spline of [0, 1] onto itself (Durkan et al. 2019, eqs.
/// 4-8): from `left` on `width` long, from `bottom` on `height` high, and the slopes at its ends.
/// N is a number, or one with derivatives (Dual).
template <class N>
struct SplineBin {
  N left, width, bottom, height, slope_0, slope_1;

  /// S(w) and ln S'(w) of a w in this bin.
  void map(const N &w, N &moved, N &log_slope) const {
    const N mean = height / width, xi = (w - left) / width, rest = N(1) - xi;
    const N denominator = mean + bend(mean) * xi * rest;
    log_slope = log_slope_at(mean, xi, rest, denominator);
    moved = bottom + height * xi * (mean * xi + slope_0 * rest) / denominator;
  }
  /// S^-1(w) and its ln slope: the root of a xi^2 + b xi = mean eta, in the form without
  /// cancellation. The discriminant is the square of (d eta / d xi) times the denominator of
  /// map(), so it is positive.
  void undo(const N &w, N &moved, N &log_slope) const {
    using std::sqrt;
    const N mean = height / width, eta = (w - bottom) / height;
    const N a = mean - slope_0 + eta * bend(mean), b = slope_0 - eta * bend(mean);
    const N xi = N(2) * mean * eta / (b + sqrt(b * b + N(4) * a * mean * eta)), rest = N(1) - xi;
    log_slope = N(0) - log_slope_at(mean, xi, rest, mean + bend(mean) * xi * rest);
    moved = left + width * xi;
  }

 private:
  N bend(const N &mean) const { return slope_0 + slope_1 - N(2) * mean; }
  N log_slope_at(const N &mean, const N &xi, const N &rest, const N &denominator) const {
    using std::log;
    const N share = mean / denominator;
    return log(share * share *
               (slope_1 * xi * xi + N(2) * mean * xi * rest + slope_0 * rest * rest));
  }
};

} // namespace nflow::operators

#endif
