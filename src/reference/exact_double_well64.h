#ifndef NFLOW_REFERENCE_EXACT_DOUBLE_WELL64_H
#define NFLOW_REFERENCE_EXACT_DOUBLE_WELL64_H

#include "base/random.h"
#include "reference/quartic_density.h"

#include <array>
#include <cstdint>

namespace nflow::reference {

/// The 64-dimensional double well of learned replica exchange (arXiv 2210.14104) at one
/// temperature: two-dimensional quadrature in (x, y) = (x_1, x_2), tanh-sinh in x on either side of
/// x = 0 and the trapezoid rule in y, to 1e-10; the other 62 coordinates are gaussian.
///
/// Its basins are x < 0 and x > 0, which at T = 1 are 3.315 k_B T apart in free energy.
class ExactDoubleWell64 {
 public:
  static constexpr int64_t size = 64;
  /// `temperature` is k_B T in energy units. Throws Error unless it is positive and finite.
  explicit ExactDoubleWell64(double temperature);

  int64_t dim() const { return size; }
  double temperature() const { return temperature_; }
  double mean_energy() const { return mean_energy_; }
  double energy_variance() const { return energy_variance_; }
  double log_partition() const { return log_partition_; } // ln of the integral of exp(-U/T)
  /// Probability of x > 0, the basin of the higher energy.
  double positive_population() const { return positive_population_; }
  /// F(x > 0) - F(x < 0) in units of T.
  double free_energy_difference() const;
  double mean(int i) const { return i < 2 ? mean_[i] : 0.0; } // of x_(i+1)
  double mean_square(int i) const { return i < 2 ? mean_square_[i] : temperature_ / stiffness; }

  /// One exact, independent sample x [64]: by rejection from independent quartic wells that lie
  /// below the potential.
  void sample(RandomStream &random, double *x) const;

 private:
  static constexpr double stiffness = 15.0; // of the harmonic coordinates
  struct Integrals {
    double z = 0.0, energy = 0.0, energy_square = 0.0, positive = 0.0;
    std::array<double, 2> first{}, second{};
  };
  Integrals integrate(int points) const;

  double temperature_;
  QuarticDensity proposal_x_, proposal_y_;
  double mean_energy_ = 0.0, energy_variance_ = 0.0, log_partition_ = 0.0,
         positive_population_ = 0.0;
  std::array<double, 2> mean_{}, mean_square_{};
};

} // namespace nflow::reference

#endif
