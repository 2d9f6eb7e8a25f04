#ifndef NFLOW_FLOW_PRIOR_H
#define NFLOW_FLOW_PRIOR_H

#include <cstdint>

namespace nflow {

/// ln N(values; 0, variance) summed over `count` components, with the normalisation.
double log_gaussian(const double *values, int64_t count, double variance);
/// The same of values in the memory of `arrays`.
double log_gaussian(class Arrays &arrays, const double *values, int64_t count, double variance);
/// The same of components with this sum of squares.
double log_gaussian_of(double squares, int64_t count, double variance);

/// Variance `a` of the auxiliary momenta: tau for a gaussian prior, else the number of the
/// metadata.
inline double auxiliary_variance(bool gaussian_prior, double tau, double recorded) {
  return gaussian_prior ? tau : recorded;
}

/// |p|^2 / (2 a): what auxiliary momenta add to the reduced energy h.
double auxiliary_energy(const double *momenta, int64_t count, double variance);
/// The same of momenta with this sum of squares.
double auxiliary_energy_of(double squares, double variance);

} // namespace nflow

#endif
