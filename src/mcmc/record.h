#ifndef NFLOW_MCMC_RECORD_H
#define NFLOW_MCMC_RECORD_H

#include "estimators/importance.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nflow::mcmc {

struct Counters {
  uint64_t attempts = 0;
  uint64_t accepts = 0;
  uint64_t not_finite = 0;     // rejected because an energy, a proposal or ln a was NaN or infinite
  uint64_t not_reversible = 0; // local excursions after which other atoms were the nearest
  uint64_t rearrangements = 0; // atoms rearranged by accepted moves
  uint64_t evaluations = 0;    // energies that attempts have asked for
  uint64_t trajectories = 0, accepted_trajectories = 0; // of excursions
  std::vector<uint64_t> move_attempts, move_accepts;    // by move
};

/// Wall time spent in attempts, and in the two things that an attempt cannot do without.
struct Timings {
  double total = 0.0, flow = 0.0, energy = 0.0; // seconds
  uint64_t attempts = 0;
};

/// What happened so far: everything that a restart must carry besides the configuration, and the
/// wall times, which begin anew.
struct Record {
  explicit Record(size_t moves, int64_t carried_numbers = 0) : carried(carried_numbers, NAN) {
    counters.move_attempts.resize(moves);
    counters.move_accepts.resize(moves);
    best_log_acceptance.assign(moves, -HUGE_VAL);
  }

  Counters counters;
  Timings timings;
  estimators::RunningEss importance; // of fresh configurations in the environment that there is
  double weights_before = 0.0, ess_before = 0.0; // in those before: their number, times ESS
  double recent_acceptance = 0.5;                // of about the last 64 attempts
  uint64_t shared_begin = 0, shared_end = 0;     // attempts of one batch that outlives a call
  /// What fresh configurations carry: the numbers of a configuration on the prior's side that moves
  /// keep. Those of the present one, but for rounding.
  std::vector<double> carried;
  // Of the last attempt.
  double energy_change = 0.0, log_acceptance = 0.0;
  std::vector<double> best_log_acceptance; // of rejected attempts, by move; begins anew

  /// What the weights belong to has changed (other atoms, the temperature): those to come are not
  /// compared with those before.
  void begin_environment();
  /// The effective sample size as a fraction: the mean over the fresh configurations of that in
  /// the environment of each. Environments with a single one tell nothing and are left out.
  double ess() const;
  /// Takes note of the weight of a fresh configuration.
  void add_weight(double log_weight);
  /// Takes note of an attempt of a move at its end, and of its ln a, if it came to one.
  void add_attempt(size_t move, bool accepted, double log_acceptance);

  /// All but the wall times as numbers for a restart file, and back. restore() ignores per-move
  /// counts if the list of moves has changed since.
  std::vector<double> checkpoint() const;
  void restore(const std::vector<double> &numbers);
};

} // namespace nflow::mcmc

#endif
