#ifndef NFLOW_TEMPERING_PAIR_STATISTICS_H
#define NFLOW_TEMPERING_PAIR_STATISTICS_H

#include "estimators/free_energy.h"
#include "estimators/importance.h"

#include <cstdint>
#include <vector>

namespace nflow::tempering {

/// What the exchange attempts of one pair of temperatures have told so far.
class PairStatistics {
 public:
  /// An attempt with its works. One that was not finite counts as rejected.
  void add(double work_ij, double work_ji, bool accepted);

  uint64_t attempts() const { return attempts_; }
  uint64_t accepts() const { return accepts_; }
  uint64_t not_finite() const { return not_finite_; }
  /// < min(1, exp(-work_ij - work_ji)) >; 0 before the first attempt.
  double mean_acceptance() const;
  /// 1 - mean_acceptance(); 0 before the first attempt, where nothing is known of a barrier.
  double mean_rejection() const;
  /// -ln(Z_j/Z_i) by BAR from the works that are kept; NaN where there are too few.
  estimators::FreeEnergy free_energy() const;
  /// Of exp(-work_ij) and exp(-work_ji), as a fraction of the attempts.
  double ess_ij() const { return ess_ij_.fraction(); }
  double ess_ji() const { return ess_ji_.fraction(); }

  /// Everything, appended to `numbers`, and back from `at`, which is moved on: for restart files.
  void append_state(std::vector<double> &numbers) const;
  void set_state(const double *&at);

 private:
  void keep(double work_ij, double work_ji);

  uint64_t attempts_ = 0, accepts_ = 0, not_finite_ = 0;
  double acceptance_sum_ = 0.0;
  estimators::RunningEss ess_ij_, ess_ji_;
  // Works of every stride-th attempt; when there are too many, every second one is dropped.
  uint64_t stride_ = 1;
  std::vector<double> works_ij_, works_ji_;
  mutable uint64_t estimated_at_ = 0; // attempts at which free_energy_ was found
  mutable estimators::FreeEnergy free_energy_{};
};

} // namespace nflow::tempering

#endif
