#ifndef NFLOW_TRAINER_TRAINING_WORTH_H
#define NFLOW_TRAINER_TRAINING_WORTH_H

#include "estimators/exchange.h"

#include <string>
#include <vector>

namespace nflow::trainer {

// Whether a flow is worth more than none: a sentence that says that it is not and what to try, or
// nothing. All from samples that were held out.

/// Of exchanges through a flow from temperature `hot` to `cold`, beside plain ones of the same
/// samples. Worse: a lower acceptance, by more than two standard errors or with a higher J.
/// Without samples of the target: a mean work that is not lower.
std::string worth_of_exchanges(const estimators::ExchangeReport &plain,
                               const estimators::ExchangeReport &flow, double hot, double cold);

/// Of independent proposals of a flow, by their expected acceptance: worth nothing where fewer
/// than one in a thousand is accepted. NaN says nothing.
std::string worth_of_proposals(double acceptance);

/// Where no energy is known: of a training whose first validation was its best, by the negative
/// log-likelihoods of the same held-out samples then and at the end. Overfitted: it rose by more
/// than two standard errors.
std::string worth_of_fit(const std::vector<double> &first, const std::vector<double> &last);

} // namespace nflow::trainer

#endif
