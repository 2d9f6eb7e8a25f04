#ifndef NFLOW_TEMPERING_REPLICA_FLOW_H
#define NFLOW_TEMPERING_REPLICA_FLOW_H

#include <cstdint>
#include <vector>

namespace nflow::tempering {

/// Which end of the ladder is the hottest temperature; the other one is the coldest.
enum class HotEnd { first, last };

/// Which replica (configuration) is at which temperature of a ladder, and how the replicas travel
/// between its ends (Katzgraber, Trebst, Huse, Troyer, J. Stat. Mech. P03018, 2006).
///
/// A round trip is hot -> cold -> hot, counted for the replica on its return; a tempered restart is
/// an arrival at the coldest temperature of a replica that came from the hottest one.
class ReplicaFlow {
 public:
  /// `replicas[i]` is the replica at temperature i at the beginning; empty: replica i. What is at
  /// an end of the ladder then counts as a visit of it. Throws Error for fewer than two
  /// temperatures or what is no permutation.
  ReplicaFlow(int temperatures, HotEnd hot_end, const std::vector<int> &replicas = {});

  /// The replicas at the temperatures i and j change places.
  void swap(int i, int j);
  /// Counts where the replicas are now; once after all swaps of a scan.
  void record();

  int temperatures() const { return static_cast<int>(replica_.size()); }
  int replica_at(int temperature) const { return replica_[temperature]; }
  int temperature_of(int replica) const { return temperature_[replica]; }

  /// Completed round trips of all replicas, or of one.
  int64_t round_trips() const;
  int64_t round_trips(int replica) const { return round_trips_[replica]; }
  /// Tempered restarts of all replicas, or of one.
  int64_t tempered_restarts() const;
  int64_t tempered_restarts(int replica) const { return restarts_[replica]; }

  /// Of the recorded replicas at this temperature that had been at an end of the ladder before: the
  /// fraction whose last end was the hot one, from 1 at the hot to 0 at the cold end. It falls in
  /// equal steps on a good ladder, and steeply at a bottleneck. NaN without any.
  double fraction_from_hot(int temperature) const;

  /// Everything, for a restart file; whole numbers, 6 R + 2 of them for R temperatures.
  std::vector<double> state() const;
  /// Throws Error if it is not the state of such a ladder.
  void set_state(const std::vector<double> &state);

 private:
  /// The end that a replica visited last. Only cold ends that come after a hot one begin the second
  /// half of a round trip.
  enum Label : int64_t { none = 0, from_hot = 1, from_cold = 2, from_cold_after_hot = 3 };

  void place(const std::vector<int> &replicas);
  void visit_ends();

  HotEnd hot_end_;
  std::vector<int> replica_, temperature_;              // inverse permutations of each other
  std::vector<int64_t> label_, round_trips_, restarts_; // by replica
  std::vector<int64_t> hot_visits_, cold_visits_; // by temperature: recorded with that last end
};

} // namespace nflow::tempering

#endif
