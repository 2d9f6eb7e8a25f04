#include "flow/prior.h"

#include "arrays/host_exec.h"
#include "arrays/kernels.h"

#include <cmath>

namespace nflow {

namespace {

double sum_of_squares(const double *values, int64_t count) {
  return HostExec::sum(count, kernels::Square{values});
}

} // namespace

double auxiliary_energy_of(double squares, double variance) {
  return 0.5 * squares / variance;
}

double log_gaussian_of(double squares, int64_t count, double variance) {
  return -auxiliary_energy_of(squares, variance) - 0.5 * count * std::log(2.0 * M_PI * variance);
}

double auxiliary_energy(const double *momenta, int64_t count, double variance) {
  return auxiliary_energy_of(sum_of_squares(momenta, count), variance);
}

double log_gaussian(const double *values, int64_t count, double variance) {
  return log_gaussian_of(sum_of_squares(values, count), count, variance);
}

double log_gaussian(Arrays &arrays, const double *values, int64_t count, double variance) {
  return log_gaussian_of(arrays.sum_of_squares(count, values), count, variance);
}

} // namespace nflow
