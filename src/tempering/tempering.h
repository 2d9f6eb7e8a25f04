#ifndef NFLOW_TEMPERING_TEMPERING_H
#define NFLOW_TEMPERING_TEMPERING_H

#include "files/exchange_log.h"
#include "tempering/exchange.h"
#include "tempering/pair_statistics.h"
#include "tempering/replica_flow.h"
#include "tempering/schedule.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace nflow::tempering {

/// How replicas are tempered.
struct Plan {
  Scheme scheme = Scheme::deo;
  uint64_t tune_scans = 0; // the first scans, in which the ladder is tuned; 0: it stays
  uint32_t key = 0;        // of all random numbers
  ExchangeRule rule = log_acceptance_exchange;
};

/// What a restart file says of the run beside the state of its Tempering.
struct RunFacts {
  // A file is of a run with these.
  int partition = 0, seed = 0, every = 0;
  int64_t step = 0;
  // They go on from what the file has.
  uint64_t evaluations = 0;
  double seconds = 0.0;
};

/// All that is decided when configurations are exchanged between temperatures, and what is known
/// of it: the ladder, who exchanges in a scan, whether it is accepted, tuning, statistics. A scan
/// is pairs() -> their works, which somebody finds -> decide() -> tune(). All follows from the
/// plan, the temperatures and the works, so that those who know these come to the same.
class Tempering {
 public:
  /// Of `count` temperatures, two or more.
  Tempering(int count, const Plan &plan);

  /// Takes the temperatures, one of each replica, in any unit. After load() they must be those of
  /// the ladder there, of a tuned one its ends. Throws Error.
  void begin(const std::vector<double> &temperatures);
  /// Whether there is a ladder, of begin() or load().
  bool has_ladder() const { return replicas_.has_value(); }
  int count() const { return count_; }
  /// Of the ladder as it is now; none before there is one.
  const std::vector<double> &temperatures() const { return temperatures_; }
  bool tuning() const { return tuning_; }

  /// Scans so far, and those since the ladder was last changed.
  uint64_t scans() const { return scans_; }
  uint64_t sampled_scans() const { return sampled_scans_; }
  /// Who exchanges in the next scan.
  std::vector<std::pair<int, int>> pairs() const;
  /// Decides the next scan by the works of its pairs. The rows of the log: decisions, and replicas
  /// as they were before. `step` is that of the simulation.
  std::vector<ExchangeAttempt> decide(int64_t step, const std::vector<Works> &works);
  /// Spaces the ladder anew after M/8, M/4, M/2 and M = tune_scans scans, and freezes it after the
  /// last; statistics and round trips then begin anew. Whether it did; to be called after each
  /// scan.
  bool tune();

  const ReplicaFlow &replicas() const { return *replicas_; }
  /// Of each pair in possible_pairs().
  const std::vector<PairStatistics> &statistics() const { return statistics_; }
  /// Mean rejections of neighbors, and their sum.
  std::vector<double> rejections() const;
  double barrier() const;
  /// Accepted attempts of all pairs, as a fraction.
  double acceptance() const;
  /// Attempts whose works were no numbers.
  uint64_t not_finite() const;

  /// The numbers of a restart file.
  std::vector<double> save(const RunFacts &run) const;
  /// Goes on from what save() gave; false if there was no ladder yet. Throws Error if it is not of
  /// this run.
  bool load(const double *numbers, RunFacts &run);

 private:
  void forget_statistics();
  void require_this_run(const double *head, const RunFacts &run) const;
  void require_same_ladder(const std::vector<double> &temperatures) const;

  int count_;
  Plan plan_;
  std::vector<double> temperatures_;
  bool tuning_;
  uint64_t scans_ = 0; // all random numbers follow from it
  uint64_t sampled_scans_ = 0;
  std::vector<PairStatistics> statistics_;
  std::optional<ReplicaFlow> replicas_;
};

} // namespace nflow::tempering

#endif
