#ifndef NFLOW_OPERATORS_DUAL_H
#define NFLOW_OPERATORS_DUAL_H

#include <array>
#include <cmath>

namespace nflow::operators {

/// A number and its derivatives by K others, for formulas that are short and have several inputs.
template <class T, int K>
struct Dual {
  T value = 0;
  std::array<T, K> by{};

  Dual(T number) : value(number) {} // NOLINT: a constant
  static Dual input(T number, int i) {
    Dual result(number);
    result.by[i] = 1;
    return result;
  }
  /// f(*this), of derivative `slope`.
  Dual through(T f, T slope) const {
    Dual result(f);
    for (int i = 0; i < K; i++) result.by[i] = slope * by[i];
    return result;
  }

  friend Dual operator+(const Dual &a, const Dual &b) {
    return join(a, b, a.value + b.value, 1, 1);
  }
  friend Dual operator-(const Dual &a, const Dual &b) {
    return join(a, b, a.value - b.value, 1, -1);
  }
  friend Dual operator*(const Dual &a, const Dual &b) {
    return join(a, b, a.value * b.value, b.value, a.value);
  }
  friend Dual operator/(const Dual &a, const Dual &b) {
    const T ratio = a.value / b.value;
    return join(a, b, ratio, 1 / b.value, -ratio / b.value);
  }
  friend Dual sqrt(const Dual &a) {
    const T root = std::sqrt(a.value);
    return a.through(root, T(0.5) / root);
  }
  friend Dual log(const Dual &a) { return a.through(std::log(a.value), 1 / a.value); }

 private:
  static Dual join(const Dual &a, const Dual &b, T value, T by_a, T by_b) {
    Dual result(value);
    for (int i = 0; i < K; i++) result.by[i] = by_a * a.by[i] + by_b * b.by[i];
    return result;
  }
};

} // namespace nflow::operators

#endif
