#include "trainer/training/validation.h"

#include "estimators/importance.h"
#include "trainer/training/worth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nflow::trainer {

namespace {

double mean_of(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

bool GaussianValidator::possible() const {
  return batches_.validation_count() > 0 || objective_.has_energy();
}

estimators::ExchangeReport GaussianValidator::report() const {
  std::vector<double> proposals, samples;
  if (objective_.has_energy()) {
    const auto count = std::min(options_.ess_samples, batches_.validation_count());
    std::vector<double> of_proposals, of_samples;
    parallel_.together([&] {
      of_proposals =
          objective_.log_weights(batches_.validation_prior(parallel_.share(options_.ess_samples)));
      for (double &l : of_proposals) l = -l;
      if (count > 0)
        of_samples =
            objective_.log_weights_of_samples(batches_.validation(count, parallel_.share(count)));
    });
    proposals = parallel_.gather(of_proposals);
    samples = parallel_.gather(of_samples);
  }
  auto report = estimators::exchange_report(proposals, samples);
  // From the weights of proposals alone, which do not see what the flow has lost.
  if (samples.empty() && !proposals.empty()) {
    std::vector<double> weights;
    for (const double work : proposals) weights.push_back(-work);
    report.acceptance = estimators::independence_acceptance(weights);
  }
  return report;
}

std::vector<double> GaussianValidator::negative_log_likelihoods() const {
  const auto count = std::min(options_.validation_samples, batches_.validation_count());
  std::vector<double> mine;
  parallel_.together([&] {
    mine = objective_.negative_log_likelihood(batches_.validation(count, parallel_.share(count)));
  });
  return parallel_.gather(mine);
}

double GaussianValidator::validate(Progress &progress) const {
  progress.validation_nll = std::numeric_limits<double>::quiet_NaN();
  const auto report = this->report();
  progress.j = report.j;
  progress.acceptance = report.acceptance;
  progress.ess = report.ess_forward;
  progress.ess_backward = report.ess_backward;
  double score = report.forward.mean;
  // A flow that is never trained by likelihood is not to be chosen by it.
  const bool by_energy = options_.kl_weight == 1.0 && options_.kl_full == 0.0;
  if (batches_.validation_count() > 0) {
    score = mean_of(negative_log_likelihoods());
    // The entropy of the momenta is not the flow's: without it, flows with and without compare.
    const auto metadata = objective_.metadata();
    const double variance = metadata.momentum_variance(objective_.setting().tau());
    const double momenta = metadata.auxiliary ? 0.5 * std::log(2.0 * M_PI * M_E * variance) : 0.0;
    progress.validation_nll = score - momenta * static_cast<double>(metadata.coordinates());
    if (by_energy && std::isfinite(report.acceptance)) score = -report.acceptance;
  }
  return score;
}

std::string GaussianValidator::worth(const TrainingState &state,
                                     estimators::ExchangeReport &report) const {
  // A few validations after the first: one alone may be worse by chance.
  const bool never_improved =
      batches_.validation_count() > 0 &&
      state.best_step == std::min(options_.validate_every, options_.steps) &&
      state.without_progress >= 3;
  std::vector<double> last;
  if (never_improved && !objective_.has_energy()) {
    objective_.set_parameters(state.parameters);
    last = negative_log_likelihoods();
  }
  objective_.set_parameters(state.best_parameters);
  report = this->report();
  if (objective_.has_energy()) return worth_of_proposals(report.acceptance);
  return never_improved ? worth_of_fit(negative_log_likelihoods(), last) : "";
}

} // namespace nflow::trainer
