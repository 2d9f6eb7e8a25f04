#include "operators/coupling_spline.h"

#include "operators/dual.h"
#include "operators/spline_bin.h"

#include <algorithm>
#include <cmath>

namespace nflow::operators {

template <class T>
CouplingSpline<T>::CouplingSpline(int64_t bins, const CouplingKernels<T> &kernels)
    : bins_(bins), kernels_(kernels), floor_(static_cast<T>(0.1 / static_cast<double>(bins))),
      scale_(static_cast<T>(0.9)), shifted_(2 * bins + coupling_padding),
      exp_(2 * bins + coupling_padding) {}

template <class T>
T CouplingSpline<T>::slope_after(const T *raw, int64_t edge) const {
  if (edge == 0 || edge == bins_) return 1;
  return std::exp(T(3) * std::tanh(raw[2 * bins_ + edge - 1] / T(3)));
}

/// The bin of w among those of the side that it is on.
template <class T>
typename CouplingSpline<T>::Place CouplingSpline<T>::find(const T *raw, bool inverse, T w) {
  for (int64_t half = 0; half < 2; half++) {
    const T *const values = raw + half * bins_;
    const T largest = *std::max_element(values, values + bins_);
    for (int64_t i = 0; i < bins_; i++) shifted_[half * bins_ + i] = values[i] - largest;
  }
  kernels_.exp(2 * bins_, shifted_.data(), exp_.data());
  for (int64_t half = 0; half < 2; half++) {
    T *const values = exp_.data() + half * bins_;
    T sum = 0;
    for (int64_t i = 0; i < bins_; i++) sum += values[i];
    for (int64_t i = 0; i < bins_; i++) values[i] /= sum;
  }
  Place place{};
  const int64_t searched = inverse ? bins_ : 0;
  T end = share(searched);
  while (place.bin + 1 < bins_ && w >= end) end += share(searched + ++place.bin);
  for (int64_t i = 0; i < place.bin; i++) {
    place.left += share(i);
    place.bottom += share(bins_ + i);
  }
  place.width = share(place.bin);
  place.height = share(bins_ + place.bin);
  for (int side = 0; side < 2; side++) place.slope[side] = slope_after(raw, place.bin + side);
  return place;
}

template <class T>
double CouplingSpline<T>::map(const T *raw, bool inverse, T &q) {
  if (!(std::abs(q) < 1)) return 0.0;
  const T w = T(0.5) * q + T(0.5);
  const Place place = find(raw, inverse, w);
  const SplineBin<T> bin{place.left,   place.width,    place.bottom,
                         place.height, place.slope[0], place.slope[1]};
  T moved = 0, log_slope = 0;
  if (inverse)
    bin.undo(w, moved, log_slope);
  else
    bin.map(w, moved, log_slope);
  q = T(2) * moved - T(1);
  return log_slope;
}

template <class T>
void CouplingSpline<T>::pull_back_shares(const T *softmax, int64_t bin, T by_begin, T by_length,
                                         T *by_raw) const {
  const auto by_share = [&](int64_t i) { return i < bin ? by_begin : i == bin ? by_length : T(0); };
  T mean = 0;
  for (int64_t i = 0; i <= bin; i++) mean += softmax[i] * by_share(i);
  for (int64_t i = 0; i < bins_; i++) by_raw[i] = scale_ * softmax[i] * (by_share(i) - mean);
}

template <class T>
void CouplingSpline<T>::pull_back(const T *raw, bool inverse, T q, T &by_q, double by_log_slope,
                                  T *by_raw) {
  std::fill(by_raw, by_raw + 3 * bins_ - 1, T(0));
  if (!(std::abs(q) < 1)) return;
  const T w = T(0.5) * q + T(0.5);
  const Place place = find(raw, inverse, w);
  using Number = Dual<T, 7>;
  const SplineBin<Number> bin{Number::input(place.left, 1),     Number::input(place.width, 2),
                              Number::input(place.bottom, 3),   Number::input(place.height, 4),
                              Number::input(place.slope[0], 5), Number::input(place.slope[1], 6)};
  Number moved(0), log_slope(0);
  if (inverse)
    bin.undo(Number::input(w, 0), moved, log_slope);
  else
    bin.map(Number::input(w, 0), moved, log_slope);
  const T by_moved = T(2) * by_q, by_log = static_cast<T>(by_log_slope);
  const auto by = [&](int i) { return by_moved * moved.by[i] + by_log * log_slope.by[i]; };
  by_q = T(0.5) * by(0);
  pull_back_shares(exp_.data(), place.bin, by(1), by(2), by_raw);
  pull_back_shares(exp_.data() + bins_, place.bin, by(3), by(4), by_raw + bins_);
  for (int side = 0; side < 2; side++) {
    const int64_t edge = place.bin + side;
    if (edge == 0 || edge == bins_) continue;
    const int64_t i = 2 * bins_ + edge - 1;
    const T t = std::tanh(raw[i] / T(3));
    by_raw[i] += by(5 + side) * place.slope[side] * (1 - t * t);
  }
}

template class CouplingSpline<double>;
template class CouplingSpline<float>;

} // namespace nflow::operators
