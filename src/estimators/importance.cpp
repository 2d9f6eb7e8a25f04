#include "estimators/importance.h"

#include <algorithm>
#include <cmath>

namespace nflow::estimators {

namespace {

/// Not a weight of zero, as minus infinity and NaN are.
bool is_positive_weight(double log_weight) {
  return log_weight > -HUGE_VAL; // false for NaN
}

/// exp(ln w - shift), ascending; NaN as zero.
std::vector<double> sorted_weights(const std::vector<double> &log_weights, double shift) {
  std::vector<double> weights;
  weights.reserve(log_weights.size());
  for (const double l : log_weights)
    weights.push_back(is_positive_weight(l) ? std::exp(l - shift) : 0.0);
  std::sort(weights.begin(), weights.end());
  return weights;
}

/// The log-weights, ascending; NaN as minus infinity.
std::vector<double> sorted_logs(std::vector<double> log_weights) {
  for (double &l : log_weights)
    if (std::isnan(l)) l = -HUGE_VAL;
  std::sort(log_weights.begin(), log_weights.end());
  return log_weights;
}

/// The largest log-weight, or 0 if none is positive.
double largest(const std::vector<double> &log_weights) {
  double result = -HUGE_VAL;
  for (const double l : log_weights)
    if (is_positive_weight(l)) result = std::max(result, l);
  return std::isfinite(result) ? result : 0.0;
}

} // namespace

double log_add(double a, double b) {
  const double larger = std::max(a, b);
  return std::isinf(larger) ? larger : larger + std::log1p(std::exp(std::min(a, b) - larger));
}

double ess_fraction(const std::vector<double> &log_weights) {
  RunningEss ess;
  for (const double l : log_weights) ess.add(l);
  return ess.fraction();
}

double independence_acceptance(const std::vector<double> &log_weights) {
  const auto n = static_cast<int64_t>(log_weights.size());
  if (n < 2) return 0.0;
  const auto weights = sorted_weights(log_weights, largest(log_weights));
  // The acceptance is sum_{i != j} min(w_i, w_j) / ((n - 1) sum w); in ascending order the k-th
  // weight is the smaller one of the two in 2 (n - 1 - k) pairs.
  double sum = 0.0, minima = 0.0;
  for (int64_t k = 0; k < n; k++) {
    sum += weights[k];
    minima += weights[k] * 2.0 * static_cast<double>(n - 1 - k);
  }
  return sum > 0.0 ? minima / (static_cast<double>(n - 1) * sum) : 0.0;
}

double independence_acceptance(const std::vector<double> &of_target,
                               const std::vector<double> &of_proposal) {
  if (of_target.empty() || of_proposal.empty()) return 0.0;
  // In logarithms throughout: one wild weight must not make all the others vanish and be alike.
  const auto current = sorted_logs(of_target), proposed = sorted_logs(of_proposal);
  // For each current weight w, from the smallest: proposals below it count w'/w, the others 1.
  double log_sum_below = -HUGE_VAL, acceptance = 0.0;
  size_t below = 0;
  for (const double l : current) {
    while (below < proposed.size() && proposed[below] < l)
      log_sum_below = log_add(log_sum_below, proposed[below++]);
    acceptance += static_cast<double>(proposed.size() - below);
    if (is_positive_weight(l)) acceptance += std::exp(log_sum_below - l);
  }
  return acceptance / (static_cast<double>(current.size()) * static_cast<double>(proposed.size()));
}

void RunningEss::raise_shift(double log_weight) {
  if (sum_ > 0.0) {
    const double factor = std::exp(shift_ - log_weight);
    sum_ *= factor;
    sum_squares_ *= factor * factor;
  }
  shift_ = log_weight;
}

void RunningEss::add(double log_weight) {
  count_++;
  if (!is_positive_weight(log_weight)) return;
  if (sum_ == 0.0 || log_weight > shift_) raise_shift(log_weight);
  // An infinite weight (shift_ infinite) would give inf - inf here: it counts as the only weight.
  const double weight = log_weight == shift_ ? 1.0 : std::exp(log_weight - shift_);
  sum_ += weight;
  sum_squares_ += weight * weight;
}

void RunningEss::merge(const RunningEss &other) {
  count_ += other.count_;
  if (other.sum_ == 0.0) return;
  if (sum_ == 0.0 || other.shift_ > shift_) raise_shift(other.shift_);
  const double factor = other.shift_ == shift_ ? 1.0 : std::exp(other.shift_ - shift_);
  sum_ += factor * other.sum_;
  sum_squares_ += factor * factor * other.sum_squares_;
}

double RunningEss::fraction() const {
  if (sum_squares_ == 0.0) return 0.0;
  return sum_ * sum_ / (static_cast<double>(count_) * sum_squares_);
}

RunningEss::State RunningEss::state() const {
  return {shift_, sum_, sum_squares_, static_cast<double>(count_)};
}

void RunningEss::set_state(const State &state) {
  shift_ = state[0];
  sum_ = state[1];
  sum_squares_ = state[2];
  count_ = static_cast<int64_t>(state[3]);
}

} // namespace nflow::estimators
