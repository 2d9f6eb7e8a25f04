#include "mcmc/prior.h"

#include <cmath>

namespace nflow::mcmc {

double auxiliary_energy(const double *momenta, int64_t count, double variance) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) sum += momenta[i] * momenta[i];
  return 0.5 * sum / variance;
}

double log_gaussian(const double *values, int64_t count, double variance) {
  return -auxiliary_energy(values, count, variance) - 0.5 * count * std::log(2.0 * M_PI * variance);
}

double auxiliary_variance(bool gaussian_prior, double tau, double recorded) {
  return gaussian_prior ? tau : recorded;
}

} // namespace nflow::mcmc
