#ifndef NFLOW_OPERATORS_NORMAL_TAIL_H
#define NFLOW_OPERATORS_NORMAL_TAIL_H

#include <algorithm>
#include <cmath>

namespace nflow::operators {

/// The probability that a standard normal is above z.
inline double normal_tail(double z) {
  constexpr double sqrt_half = 0.70710678118654752440;
  return 0.5 * std::erfc(z * sqrt_half);
}

/// ln of the density of a standard normal at z.
inline double log_normal_density(double z) {
  constexpr double half_log_two_pi = 0.91893853320467274178;
  return -0.5 * z * z - half_log_two_pi;
}

/// The z that a standard normal is above with probability q, up to a half. To rounding: Abramowitz
/// and Stegun's 26.2.23, good to 4.5e-4, and two steps of Halley, each of which cubes the error. A
/// probability below 1e-300 is taken for that.
inline double z_of_normal_tail(double q) {
  q = std::max(q, 1e-300);
  const double t = std::sqrt(-2.0 * std::log(q));
  double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int step = 0; step < 2; step++) {
    const double newton = (normal_tail(z) - q) / std::exp(log_normal_density(z));
    z += newton / (1.0 - 0.5 * newton * z);
  }
  return z;
}

} // namespace nflow::operators

#endif
