#ifndef NFLOW_ESTIMATORS_IMPORTANCE_H
#define NFLOW_ESTIMATORS_IMPORTANCE_H

#include <array>
#include <cstdint>
#include <vector>

namespace nflow::estimators {

// A log-weight is ln w = ln target(v) - ln proposal(v), up to one constant that is the same for
// all. Minus infinity and NaN stand for a weight of zero: an impossible configuration is a wasted
// proposal.

/// ln(e^a + e^b), minus infinity for two of them.
double log_add(double a, double b);

/// Effective sample size over N: (sum w)^2 / (N sum w^2), in (0, 1]; 0 for no or only zero weights.
double ess_fraction(const std::vector<double> &log_weights);

/// Expected acceptance of Metropolised independence sampling, < min(1, w'/w) > with w from the
/// target and w' from the proposal, from log-weights of proposals only. It cannot see a part of the
/// target that no proposal has reached. 0 for fewer than two weights.
double independence_acceptance(const std::vector<double> &log_weights);

/// The same with the log-weights of samples of the target itself and of samples of the proposal,
/// which sees lost modes.
double independence_acceptance(const std::vector<double> &of_target,
                               const std::vector<double> &of_proposal);

/// The effective sample size of a stream of log-weights, in constant memory and without overflow.
class RunningEss {
 public:
  using State = std::array<double, 4>;

  void add(double log_weight);
  /// Joins another stream to this one, as if its weights had been added here.
  void merge(const RunningEss &other);
  /// (sum w)^2 / (N sum w^2); 0 before the first positive weight.
  double fraction() const;
  int64_t count() const { return count_; }

  /// Everything, for a restart file: {largest log-weight, sum of w, sum of w^2, count}, the sums
  /// relative to the largest weight.
  State state() const;
  void set_state(const State &state);

 private:
  void raise_shift(double log_weight);

  double shift_ = 0.0; // the largest log-weight so far; of no meaning while sum_ is zero
  double sum_ = 0.0;
  double sum_squares_ = 0.0;
  int64_t count_ = 0;
};

} // namespace nflow::estimators

#endif
