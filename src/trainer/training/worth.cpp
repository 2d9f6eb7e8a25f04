#include "trainer/training/worth.h"

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

constexpr double standard_errors = 2.0;
constexpr double least_acceptance = 1e-3;

bool is_worse(const estimators::ExchangeReport &plain, const estimators::ExchangeReport &flow) {
  if (!(flow.ess_forward > 0.0)) return true; // no work is finite
  if (flow.acceptance > plain.acceptance) return false;
  const double error = std::hypot(plain.acceptance_error, flow.acceptance_error);
  // Acceptances of few samples scatter; J is the steadier number.
  return !(flow.j < plain.j) || plain.acceptance - flow.acceptance > standard_errors * error;
}

} // namespace

std::string worth_of_exchanges(const estimators::ExchangeReport &plain,
                               const estimators::ExchangeReport &flow, double hot, double cold) {
  char text[512], measured[160];
  if (std::isnan(plain.forward.mean)) return "";
  if (std::isfinite(plain.acceptance)) {
    if (!is_worse(plain, flow)) return "";
    std::snprintf(measured, sizeof(measured),
                  "exchanges through it are accepted with %.3g +- %.2g, plain ones with %.3g +- "
                  "%.2g (J %.4g and %.4g)",
                  flow.acceptance, flow.acceptance_error, plain.acceptance, plain.acceptance_error,
                  flow.j, plain.j);
  } else {
    if (flow.forward.mean < plain.forward.mean) return "";
    std::snprintf(measured, sizeof(measured),
                  "its mean work is %.4g k_BT, that of plain exchanges %.4g", flow.forward.mean,
                  plain.forward.mean);
  }
  std::snprintf(text, sizeof(text),
                "warning: from T = %g to %g this flow is worse than none: %s; exchange plainly, or "
                "train longer, with more samples, more layers or couplings, or between closer "
                "temperatures",
                hot, cold, measured);
  return text;
}

std::string worth_of_proposals(double acceptance) {
  if (!(acceptance < least_acceptance)) return "";
  char text[384];
  std::snprintf(text, sizeof(text),
                "warning: this flow is not better than none: of its independent proposals a "
                "fraction of %.2g would be accepted; train longer or with more samples, on fewer "
                "atoms, or tether what turns freely or changes places",
                acceptance);
  return text;
}

std::string worth_of_fit(const std::vector<double> &first, const std::vector<double> &last) {
  if (first.size() < 2 || first.size() != last.size()) return "";
  std::vector<double> rise;
  for (size_t i = 0; i < first.size(); i++) rise.push_back(last[i] - first[i]);
  const auto estimate = estimators::mean_with_error(rise);
  // Also where the last parameters are so bad that nothing is finite.
  if (estimate.mean <= standard_errors * estimate.error) return "";
  char text[384];
  std::snprintf(text, sizeof(text),
                "warning: this flow learned nothing but its samples: the NLL of those held out "
                "never fell below its first value and rose by %.3g +- %.2g; give more samples, "
                "fewer --couplings, or tether what turns freely or changes places",
                estimate.mean, estimate.error);
  return text;
}

} // namespace nflow::trainer
