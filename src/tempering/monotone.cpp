#include "tempering/monotone.h"

#include <algorithm>

namespace nflow::tempering {

namespace {

/// The slope at an end from the parabola through the three nearest knots, cut to where the
/// interpolant stays monotone (h, d: widths and slopes of the first and the second interval).
double end_slope(double h0, double h1, double d0, double d1) {
  const double parabola = ((2.0 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  return std::clamp(parabola, 0.0, 3.0 * d0);
}

} // namespace

MonotoneCubic::MonotoneCubic(std::vector<double> x, std::vector<double> y)
    : x_(std::move(x)), y_(std::move(y)) {
  const size_t n = x_.size();
  std::vector<double> width, rise;
  for (size_t k = 0; k + 1 < n; k++) {
    width.push_back(x_[k + 1] - x_[k]);
    rise.push_back((y_[k + 1] - y_[k]) / width[k]);
  }
  slope_.assign(n, rise[0]);
  if (n == 2) return;
  slope_[0] = end_slope(width[0], width[1], rise[0], rise[1]);
  slope_[n - 1] = end_slope(width[n - 2], width[n - 3], rise[n - 2], rise[n - 3]);
  for (size_t k = 1; k + 1 < n; k++) {
    const double a = 2.0 * width[k] + width[k - 1], b = width[k] + 2.0 * width[k - 1];
    slope_[k] = (a + b) / (a / rise[k - 1] + b / rise[k]);
  }
}

double MonotoneCubic::in_interval(size_t k, double x) const {
  const double h = x_[k + 1] - x_[k], t = (x - x_[k]) / h, s = 1.0 - t;
  return y_[k] * s * s * (1.0 + 2.0 * t) + y_[k + 1] * t * t * (1.0 + 2.0 * s) +
         h * t * s * (slope_[k] * s - slope_[k + 1] * t);
}

double MonotoneCubic::value(double x) const {
  const auto above = std::upper_bound(x_.begin() + 1, x_.end() - 1, x);
  return in_interval(static_cast<size_t>(above - x_.begin()) - 1, x);
}

double MonotoneCubic::inverse(double y) const {
  if (y <= y_.front()) return x_.front();
  if (y >= y_.back()) return x_.back();
  const auto above = std::upper_bound(y_.begin(), y_.end(), y);
  const auto k = static_cast<size_t>(above - y_.begin()) - 1;
  double low = x_[k], high = x_[k + 1];
  for (int step = 0; step < 200; step++) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    (in_interval(k, middle) < y ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

} // namespace nflow::tempering
