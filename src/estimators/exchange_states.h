#ifndef NFLOW_ESTIMATORS_EXCHANGE_STATES_H
#define NFLOW_ESTIMATORS_EXCHANGE_STATES_H

#include "estimators/autocorrelation.h"

#include <cstdint>
#include <vector>

namespace nflow::estimators {

/// Exchanges between samples of a prior (hot) and of a target (cold), with the state, numbered from
/// 0, that each configuration is in before and after the map.
struct StatedWorks {
  std::vector<double> forward, backward; // works w of the prior's samples, r of the target's
  std::vector<int> prior, to_target;     // states of the prior's samples z, and of f(z)
  std::vector<int> target, to_prior;     // states of the target's samples x, and of f^-1(x)
};

/// What exchanges do to one state.
struct StateReport {
  // Fractions of the target's samples in it, and of the samples of the prior that the map brings
  // there; the same of the prior's side.
  Estimate target, to_target, prior, to_prior;
  double z_target = 0.0, z_prior = 0.0; // (mapped - sampled) / error
  double acceptance_target = 0.0;       // given that the target's configuration is in it
  double acceptance_prior = 0.0;        // given that the prior's is
  /// Whether the map brings fewer than half of what is there into it, by more than 4 standard
  /// errors.
  bool lost_at_target() const;
  bool lost_at_prior() const;
};

struct ExchangeStates {
  double between = 0.0, between_error = 0.0; // attempts accepted that change the target's state
  double ceiling = 0.0; // the same if all were accepted between perfect samples: 1 - sum p_s^2
  double least_acceptance = 0.0;   // given any state of either side that occurs
  std::vector<StateReport> states; // the last one: in no state
};

/// Over all pairs of a prior's and a target's sample, accepted with min(1, exp(-w - r)); `count`
/// states. Acceptances given a state that no sample is in are NaN. Errors of `between` by
/// jackknife over ten blocks of time of either side.
ExchangeStates exchange_states(const StatedWorks &works, int count);

} // namespace nflow::estimators

#endif
