#ifndef NFLOW_MCMC_SPACE_H
#define NFLOW_MCMC_SPACE_H

#include "arrays/arrays.h"

namespace nflow::mcmc {

/// The augmented space: `coordinates` numbers, and as many auxiliary momenta if there are any. On
/// the prior's side the first `carried` of the coordinates have no distribution: every move keeps
/// them, and weights are conditional on them.
struct Space {
  int64_t coordinates = 0;
  bool auxiliary = false;
  bool gaussian_prior = true;
  double recorded_variance = 1.0; // of the momenta, for a boltzmann prior
  PeriodicBox box = {};           // in which differences of coordinates are taken
  int64_t carried = 0;            // of a gaussian prior only

  int64_t atoms() const { return coordinates / box.dim; }
  /// Of the coordinates on the prior's side those with a distribution.
  int64_t drawn() const { return coordinates - carried; }
  int64_t size() const { return auxiliary ? 2 * coordinates : coordinates; }
  /// Variance of the momenta at k_B T = tau.
  double momentum_variance(double tau) const;
  /// ln prior(u) of a gaussian prior at k_B T = tau, of a point whose drawn coordinates and
  /// momenta, if any, have these sums of squares.
  double log_prior_of(double coordinate_squares, double momentum_squares, double tau) const;
  /// h(v) = U/tau + |p|^2 / (2 a) of a point of energy U.
  double reduced_energy(Arrays &arrays, double energy, const double *v, double tau) const;
  /// The same of a point whose momenta, if any, have this sum of squares.
  double reduced_energy_of(double energy, double momentum_squares, double tau) const;
};

} // namespace nflow::mcmc

#endif
