#include "estimators/exchange_states.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace nflow::estimators {

namespace {

constexpr size_t blocks = 10;
constexpr double least_z = 4.0;

std::vector<double> indicator(const std::vector<int> &states, int state) {
  std::vector<double> series;
  for (const int s : states) series.push_back(s == state ? 1.0 : 0.0);
  return series;
}

/// z of the fraction mapped into a state against that sampled there. What is never visited shows
/// no error of its own: both errors are at least those of independent draws of the pooled fraction.
double z_of(const Estimate &mapped, const Estimate &sampled) {
  const double n = mapped.effective_samples, m = sampled.effective_samples;
  const double pooled = (n * mapped.mean + m * sampled.mean) / (n + m);
  const double least = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
  const double variance = mapped.error * mapped.error + sampled.error * sampled.error;
  const double error = std::sqrt(std::max(variance, least));
  return error > 0.0 ? (mapped.mean - sampled.mean) / error : 0.0;
}

struct Sums {
  std::array<std::array<double, blocks>, blocks> changed{}, pairs{}; // by block of z and of x
  std::vector<double> of_prior, of_target;                           // acceptance of each sample
};

Sums sums_of(const StatedWorks &w) {
  Sums sums;
  const size_t n = w.forward.size(), m = w.backward.size();
  sums.of_prior.assign(n, 0.0);
  sums.of_target.assign(m, 0.0);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++) {
      const double log_a = -w.forward[i] - w.backward[j];
      const double a = std::isnan(log_a) ? 0.0 : std::exp(std::min(0.0, log_a));
      sums.of_prior[i] += a;
      sums.of_target[j] += a;
      const size_t at = i * blocks / n, other = j * blocks / m;
      sums.pairs[at][other] += 1.0;
      if (w.to_target[i] != w.target[j]) sums.changed[at][other] += a;
    }
  return sums;
}

/// Without block `out` of either side; all for out = blocks.
double between(const Sums &sums, size_t out) {
  double changed = 0.0, pairs = 0.0;
  for (size_t i = 0; i < blocks; i++)
    for (size_t j = 0; j < blocks; j++) {
      if (i == out || j == out) continue;
      changed += sums.changed[i][j];
      pairs += sums.pairs[i][j];
    }
  return changed / pairs;
}

double between_error(const Sums &sums) {
  double sum = 0.0, squares = 0.0;
  for (size_t b = 0; b < blocks; b++) {
    const double value = between(sums, b);
    sum += value;
    squares += value * value;
  }
  const double count = blocks, mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean) * (count - 1.0));
}

/// The mean of `acceptances` (sums over `others` partners) over the samples in a state.
double given(const std::vector<double> &acceptances, const std::vector<int> &states, int state,
             size_t others) {
  double sum = 0.0, count = 0.0;
  for (size_t i = 0; i < states.size(); i++) {
    if (states[i] != state) continue;
    sum += acceptances[i];
    count += 1.0;
  }
  return sum / (count * static_cast<double>(others));
}

bool lost(const Estimate &mapped, const Estimate &sampled, double z) {
  return mapped.mean < 0.5 * sampled.mean && z < -least_z;
}

} // namespace

bool StateReport::lost_at_target() const {
  return lost(to_target, target, z_target);
}

bool StateReport::lost_at_prior() const {
  return lost(to_prior, prior, z_prior);
}

ExchangeStates exchange_states(const StatedWorks &works, int count) {
  ExchangeStates report;
  report.between = report.between_error = report.ceiling = report.least_acceptance = NAN;
  const size_t n = works.forward.size(), m = works.backward.size();
  if (n < 2 * blocks || m < 2 * blocks) return report;
  const Sums sums = sums_of(works);
  report.between = between(sums, blocks);
  report.between_error = between_error(sums);
  report.ceiling = 1.0;
  for (int state = 0; state <= count; state++) {
    StateReport s;
    s.target = mean_with_error(indicator(works.target, state));
    s.to_target = mean_with_error(indicator(works.to_target, state));
    s.prior = mean_with_error(indicator(works.prior, state));
    s.to_prior = mean_with_error(indicator(works.to_prior, state));
    s.z_target = z_of(s.to_target, s.target);
    s.z_prior = z_of(s.to_prior, s.prior);
    s.acceptance_target = given(sums.of_target, works.target, state, n);
    s.acceptance_prior = given(sums.of_prior, works.prior, state, m);
    for (const double acceptance : {s.acceptance_target, s.acceptance_prior})
      if (!(acceptance >= report.least_acceptance) && !std::isnan(acceptance))
        report.least_acceptance = acceptance;
    report.ceiling -= s.target.mean * s.target.mean;
    report.states.push_back(s);
  }
  return report;
}

} // namespace nflow::estimators
