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

/// The acceptance loss of exchanges through a map, with a_ij = min(1, exp(-w_i - r_j)) of all pairs
/// of forward works w and backward works r,
///     G = -< ln <a_ij>_i >_j - < ln <a_ij>_j >_i >= 0,
/// and its derivatives by the works. A state of either side that no other one exchanges with costs
/// as much as its share of the samples, which the mean acceptance would not show. NaN where a work
/// is, or there are none.
struct AcceptanceLoss {
  double value = 0.0;
  std::vector<double> by_forward, by_backward;
};
AcceptanceLoss acceptance_loss(const std::vector<double> &forward,
                               const std::vector<double> &backward);

} // namespace nflow::estimators

#endif
