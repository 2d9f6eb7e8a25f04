#ifndef NFLOW_TEMPERING_MONOTONE_H
#define NFLOW_TEMPERING_MONOTONE_H

#include <cstddef>
#include <vector>

namespace nflow::tempering {

/// A cubic interpolant y(x) through ascending x and ascending y that is itself monotone (PCHIP: the
/// slopes at the knots are weighted harmonic means of those of both sides; Fritsch and Butland,
/// SIAM J. Sci. Stat. Comput. 5, 300, 1984, within the region of Fritsch and Carlson).
class MonotoneCubic {
 public:
  /// Two knots or more, both strictly ascending.
  MonotoneCubic(std::vector<double> x, std::vector<double> y);

  double value(double x) const;
  /// The x with value(x) = y, by bisection to rounding; the ends for a y outside.
  double inverse(double y) const;

 private:
  double in_interval(size_t k, double x) const;

  std::vector<double> x_, y_, slope_;
};

} // namespace nflow::tempering

#endif
