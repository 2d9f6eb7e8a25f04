#include "mcmc/acceptance.h"

#include <cmath>

namespace nflow::mcmc {

double prior_reversible(const PointWeights &old_point, const PointWeights &new_point) {
  return new_point.log_weight() - old_point.log_weight();
}

double symmetric(const PointWeights &old_point, const PointWeights &new_point) {
  return -(new_point.h - old_point.h) + new_point.log_det - old_point.log_det;
}

int64_t choose_by_weight(const double *log_weights, int64_t count, double uniform) {
  double largest = -INFINITY;
  for (int64_t k = 0; k < count; k++)
    if (log_weights[k] > largest) largest = log_weights[k];
  if (!std::isfinite(largest)) return -1;
  const auto weight = [&](int64_t k) {
    return std::isnan(log_weights[k]) ? 0.0 : std::exp(log_weights[k] - largest);
  };
  double sum = 0.0;
  for (int64_t k = 0; k < count; k++) sum += weight(k);
  double rest = uniform * sum;
  int64_t chosen = -1;
  for (int64_t k = 0; k < count; k++) {
    if (weight(k) <= 0.0) continue;
    chosen = k;
    rest -= weight(k);
    if (rest < 0.0) break;
  }
  return chosen;
}

bool is_reversible(int64_t atoms_that_differ) {
  return atoms_that_differ == 0;
}

bool accept(double log_acceptance, double uniform) {
  return log_acceptance >= 0.0 || std::log(uniform) < log_acceptance;
}

} // namespace nflow::mcmc
