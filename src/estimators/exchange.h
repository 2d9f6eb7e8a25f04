#ifndef NFLOW_ESTIMATORS_EXCHANGE_H
#define NFLOW_ESTIMATORS_EXCHANGE_H

#include "estimators/autocorrelation.h"

#include <vector>

namespace nflow::estimators {

/// What the works of both directions between two states say about exchanging configurations
/// between them through a map: works h_out - h_in - log_det, in the order of the simulations.
struct ExchangeReport {
  Estimate forward, backward;    // mean works
  double j = 0.0, j_error = 0.0; // J = E[forward] + E[backward] >= 0; for gaussian works the
                                 // acceptance is erfc(sqrt(J)/2)
  double acceptance = 0.0,
         acceptance_error =
             0.0; // < min(1, exp(-w - r)) > over all pairs; error by jackknife over blocks
  double ess_forward = 0.0, ess_backward = 0.0; // effective sample sizes of exp(-w) and exp(-r)
};

/// Of independent series of works; NaN where a direction has none.
ExchangeReport exchange_report(const std::vector<double> &forward,
                               const std::vector<double> &backward);

} // namespace nflow::estimators

#endif
