#include "estimators/exchange.h"

#include "estimators/importance.h"

#include <cmath>

namespace nflow::estimators {

namespace {

constexpr size_t blocks = 10;

/// The series without its block number `left_out`, all with the sign given.
std::vector<double> without(const std::vector<double> &series, size_t left_out, double sign) {
  std::vector<double> rest;
  for (size_t i = 0; i < series.size(); i++)
    if (i * blocks / series.size() != left_out) rest.push_back(sign * series[i]);
  return rest;
}

/// The acceptance with log-weights of the target's samples, r, and of the proposals, -w.
double acceptance(const std::vector<double> &w, const std::vector<double> &r, size_t left_out) {
  return independence_acceptance(without(r, left_out, 1.0), without(w, left_out, -1.0));
}

double jackknife_error(const std::vector<double> &w, const std::vector<double> &r) {
  if (w.size() < 2 * blocks || r.size() < 2 * blocks) return NAN;
  double sum = 0.0, squares = 0.0;
  for (size_t b = 0; b < blocks; b++) {
    const double value = acceptance(w, r, b);
    sum += value;
    squares += value * value;
  }
  const double count = blocks, mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean) * (count - 1.0));
}

} // namespace

ExchangeReport exchange_report(const std::vector<double> &forward,
                               const std::vector<double> &backward) {
  ExchangeReport report;
  report.forward.mean = report.backward.mean = NAN;
  report.ess_forward = report.ess_backward = NAN;
  if (!forward.empty()) {
    report.forward = mean_with_error(forward);
    report.ess_forward = ess_fraction(without(forward, blocks, -1.0));
  }
  if (!backward.empty()) {
    report.backward = mean_with_error(backward);
    report.ess_backward = ess_fraction(without(backward, blocks, -1.0));
  }
  report.j = report.forward.mean + report.backward.mean;
  report.j_error = std::hypot(report.forward.error, report.backward.error);
  report.acceptance = report.acceptance_error = NAN;
  if (forward.empty() || backward.empty()) return report;
  report.acceptance = acceptance(forward, backward, blocks);
  report.acceptance_error = jackknife_error(forward, backward);
  return report;
}

} // namespace nflow::estimators
