#ifndef NFLOW_REFERENCE_EXACT_MULTI_WELL_H
#define NFLOW_REFERENCE_EXACT_MULTI_WELL_H

#include "base/random.h"
#include "reference/multi_well.h"
#include "reference/quartic_density.h"

namespace nflow::reference {

/// Everything about a multi-well at one temperature, from one-dimensional quadratures: in y = A x
/// the coordinates are independent.
class ExactMultiWell {
 public:
  /// `temperature` is k_B T in energy units.
  ExactMultiWell(const MultiWell &system, double temperature);

  int64_t dim() const { return system_.dim(); }
  double temperature() const { return temperature_; }
  double mean_energy() const;
  double energy_variance() const;
  double log_partition() const; // ln of the integral of exp(-U/T) over x
  double entropy() const;       // of the density of x, in nats

  const QuarticDensity &well(int64_t i) const { return wells_[static_cast<size_t>(i)]; }
  double mean_y(int64_t i) const { return well_moments_[static_cast<size_t>(i)].mean; }
  double mean_square_y(int64_t i) const {
    return well_moments_[static_cast<size_t>(i)].mean_square;
  }
  double positive_population(int64_t i) const { return well(i).positive_population(); }
  double mean_x(int64_t i) const;
  double mean_square_x(int64_t i) const;

  /// The marginal density of x_i at each of `points`, by the inverse Fourier integral of its
  /// characteristic function prod_j phi_j((A^-1)_ij k).
  std::vector<double> density_x(int64_t i, const std::vector<double> &points) const;

  /// One exact sample x [dim], by inverse distribution functions: `dim` uniform numbers.
  void sample(RandomStream &random, double *x) const;

 private:
  struct Moments {
    double mean, mean_square, mean_energy, energy_variance;
  };
  /// phi(k) of x_i for k = 0, step, 2 step, .. until it has vanished.
  std::vector<std::complex<double>> characteristic_x(int64_t i, double step) const;

  MultiWell system_;
  double temperature_;
  Inverse inverse_; // x = inverse_.matrix y
  std::vector<QuarticDensity> wells_;
  std::vector<Moments> well_moments_;
};

} // namespace nflow::reference

#endif
