#ifndef NFLOW_FLOW_AUDIT_H
#define NFLOW_FLOW_AUDIT_H

#include "mcmc/streams.h"
#include "root_model.h"

#include <cstdint>
#include <vector>

namespace LAMMPS_NS {

/// A flow is checked before its first move, at a few points. An audit repeats the checks where a
/// run has come to and for what it proposes there, at growing intervals and for at most one percent
/// of its time. Every function is collective in the partition.
class FlowAudit {
 public:
  explicit FlowAudit(RootModel &model) : model_(model) {}

  /// Whether one should be made after so many attempts, which took `seconds`.
  bool due(uint64_t attempts, double seconds) const;
  /// Checks the flow at the configuration x [n, d], and at what `batch` points of the prior's side
  /// become: gaussian ones, or those of `frames` [count, n, d], if there are any. On the host; x
  /// must be the same on all ranks. Throws nflow::Error.
  void make(uint64_t attempts, const nflow::Temperatures &tau, const std::vector<double> &x,
            const std::vector<double> *frames, int64_t batch, bool masked,
            const nflow::mcmc::Streams &streams);
  /// Wall time of all of them.
  double seconds() const { return seconds_; }

 private:
  static constexpr uint64_t first_ = 100;        // attempts
  static constexpr double largest_share_ = 0.01; // of the time of a run
  static constexpr int64_t most_points_ = 64;

  std::vector<double> prior_points(const nflow::Temperatures &tau,
                                   const std::vector<double> *frames, int64_t count,
                                   nflow::RandomStream &random) const;

  RootModel &model_;
  uint64_t next_ = first_;
  double seconds_ = 0.0, last_ = 0.0; // of all, and of the last one
};

} // namespace LAMMPS_NS

#endif
