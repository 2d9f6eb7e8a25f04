#ifndef NFLOW_OPERATORS_PAIR_FORCE_H
#define NFLOW_OPERATORS_PAIR_FORCE_H

#include <cmath>
#include <cstdint>
#include <vector>

namespace nflow::operators {

/// The radial force of a kick (docs/flows.md) between two species, along the pair vector, as a
/// function of y = sigma/r for r < c sigma:
///     F(r) = strength * 4 (epsilon/sigma) [12 y^13 - 6 y^7 - 2 C2/y - 4 C4/y^3] + S(y),
/// the Lennard-Jones force, smoothed so that F and F' vanish at the cutoff and constant above y =
/// 4/3, and a cubic B-spline S of K coefficients on [1/c, 1.45] that goes to zero at the cutoff
/// with two derivatives and is constant above 1.45.
template <class T>
class PairForce {
 public:
  static constexpr double largest_y = 1.45, capped_y = 4.0 / 3.0;

  PairForce(double cutoff, int64_t spline_size) : size_(spline_size), padded_(spline_size + 3) {
    const double inverse2 = 1.0 / (cutoff * cutoff), inverse8 = std::pow(inverse2, 4);
    const double c4 =
        inverse2 * (6.0 * inverse8 - 21.0 * inverse8 * inverse2 * inverse2 * inverse2);
    c4_ = static_cast<T>(4.0 * c4);
    c2_ = static_cast<T>(12.0 * inverse8 * inverse2 * inverse2 * inverse2 - 6.0 * inverse8 -
                         4.0 * c4 * cutoff * cutoff);
    first_y_ = static_cast<T>(1.0 / cutoff);
    per_y_ = static_cast<T>(static_cast<double>(spline_size) / (largest_y - 1.0 / cutoff));
  }

  int64_t padded_size() const { return padded_; }
  /// Where the spline begins, and its intervals per unit of y.
  T first_y() const { return first_y_; }
  T intervals_per_y() const { return per_y_; }
  /// Lays K coefficients behind three zeros.
  void pad(const T *coefficients, T *padded) const {
    for (int64_t i = 0; i < 3; i++) padded[i] = 0;
    for (int64_t i = 0; i < size_; i++) padded[3 + i] = coefficients[i];
  }

  /// The smoothed Lennard-Jones part without its factor, at y = sigma/r and inverse = r/sigma.
  T base(T y, T inverse) const {
    const bool capped = y > T(capped_y);
    return uncapped_base(capped ? T(capped_y) : y, capped ? T(1.0 / capped_y) : inverse);
  }
  /// The same where y is not above its cap, also for a tensor of them.
  template <class Y>
  Y uncapped_base(const Y &y, const Y &inverse) const {
    const Y y2 = y * y, y6 = y2 * y2 * y2;
    return T(6) * y6 * y * (T(2) * y6 - T(1)) - inverse * (c2_ + c4_ * inverse * inverse);
  }
  /// d base / d y, zero where it is capped.
  T base_slope(T y, T inverse) const {
    if (y >= T(capped_y)) return 0;
    const T y2 = y * y, y6 = y2 * y2 * y2, inverse2 = inverse * inverse;
    return T(6) * y6 * (T(26) * y6 - T(7)) + inverse2 * (c2_ + T(3) * c4_ * inverse2);
  }

  /// The four basis functions that are not zero at y, and the first of their padded coefficients.
  struct Basis {
    int64_t first;
    T value[4];
  };
  Basis basis(T y) const {
    T f;
    Basis b;
    b.first = interval(y, f);
    const T g = T(1) - f, f2 = f * f, f3 = f2 * f, sixth = T(1) / T(6);
    b.value[0] = g * g * g * sixth;
    b.value[1] = (T(3) * f3 - T(6) * f2 + T(4)) * sixth;
    b.value[2] = (T(3) * (f2 + f - f3) + T(1)) * sixth;
    b.value[3] = f3 * sixth;
    return b;
  }
  /// Coefficients of the powers 0 to 3 of the fraction f in these four, a row each.
  static constexpr double basis_powers[16] = {
      1.0 / 6.0, -0.5, 0.5, -1.0 / 6.0, 2.0 / 3.0, 0.0, -1.0, 0.5, //
      1.0 / 6.0, 0.5,  0.5, -0.5,       0.0,       0.0, 0.0,  1.0 / 6.0};
  /// Their derivatives by y.
  Basis basis_slope(T y) const {
    T f;
    Basis b;
    b.first = interval(y, f);
    const T g = T(1) - f, half = y < T(largest_y) ? T(0.5) * per_y_ : T(0);
    b.value[0] = -g * g * half;
    b.value[1] = (T(3) * f * f - T(4) * f) * half;
    b.value[2] = (T(1) + T(2) * f - T(3) * f * f) * half;
    b.value[3] = f * f * half;
    return b;
  }
  static T dot(const Basis &b, const T *padded) {
    const T *c = padded + b.first;
    return b.value[0] * c[0] + b.value[1] * c[1] + b.value[2] * c[2] + b.value[3] * c[3];
  }

 private:
  int64_t interval(T y, T &fraction) const {
    const T t = ((y < T(largest_y) ? y : T(largest_y)) - first_y_) * per_y_;
    int64_t m = static_cast<int64_t>(t);
    // The far end belongs to the last interval; what is beyond the cutoff, by rounding, to the
    // first.
    m = m < size_ ? m : size_ - 1;
    m = m > 0 ? m : 0;
    fraction = t - static_cast<T>(m);
    return m;
  }

  int64_t size_, padded_;
  T c2_, c4_; // 2 C2 and 4 C4
  T first_y_, per_y_;
};

} // namespace nflow::operators

#endif
