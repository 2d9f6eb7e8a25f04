#include "mcmc/space.h"

#include "flow/prior.h"

namespace nflow::mcmc {

double Space::momentum_variance(double tau) const {
  return auxiliary_variance(gaussian_prior, tau, recorded_variance);
}

double Space::log_prior_of(double coordinate_squares, double momentum_squares, double tau) const {
  double sum = log_gaussian_of(coordinate_squares, drawn(), tau);
  if (auxiliary) sum += log_gaussian_of(momentum_squares, coordinates, momentum_variance(tau));
  return sum;
}

double Space::reduced_energy_of(double energy, double momentum_squares, double tau) const {
  double h = energy / tau;
  if (auxiliary) h += auxiliary_energy_of(momentum_squares, momentum_variance(tau));
  return h;
}

double Space::reduced_energy(Arrays &arrays, double energy, const double *v, double tau) const {
  const double momenta = auxiliary ? arrays.sum_of_squares(coordinates, v + coordinates) : 0.0;
  return reduced_energy_of(energy, momenta, tau);
}

} // namespace nflow::mcmc
