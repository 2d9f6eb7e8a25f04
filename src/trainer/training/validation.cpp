#include "trainer/training/validation.h"

#include "estimators/importance.h"

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

double GaussianValidator::validate(Progress &progress) const {
  progress.validation_nll = progress.ess = std::numeric_limits<double>::quiet_NaN();
  double score = std::numeric_limits<double>::quiet_NaN();
  if (objective_.has_energy()) {
    std::vector<double> mine;
    parallel_.together([&] {
      const auto range = parallel_.share(options_.ess_samples);
      mine = objective_.log_weights(batches_.validation_prior(range));
    });
    const auto log_weights = parallel_.gather(mine);
    progress.ess = estimators::ess_fraction(log_weights);
    score = -mean_of(log_weights);
  }
  if (batches_.validation_count() > 0) {
    const auto count = std::min(options_.validation_samples, batches_.validation_count());
    std::vector<double> mine;
    parallel_.together([&] {
      const auto range = parallel_.share(count);
      mine = objective_.negative_log_likelihood(batches_.validation(count, range));
    });
    score = mean_of(parallel_.gather(mine));
    // The entropy of the momenta is not the flow's: without it, flows with and without compare.
    const auto metadata = objective_.metadata();
    const double variance = metadata.momentum_variance(objective_.setting().tau());
    const double momenta = metadata.auxiliary ? 0.5 * std::log(2.0 * M_PI * M_E * variance) : 0.0;
    progress.validation_nll = score - momenta * static_cast<double>(metadata.coordinates());
  }
  return score;
}

} // namespace nflow::trainer
