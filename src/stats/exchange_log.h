#ifndef NFLOW_STATS_EXCHANGE_LOG_H
#define NFLOW_STATS_EXCHANGE_LOG_H

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::stats {

/// One attempt to exchange the configurations at the temperatures i < j (indices of partitions).
struct ExchangeAttempt {
  int64_t step = 0, scan = 0;
  int i = 0, j = 0;
  double work_ij = 0.0, work_ji = 0.0; // reduced; infinite or NaN for a rejected configuration
  bool accepted = false;
  int replica_i = 0, replica_j = 0; // before the attempt
};

/// What fix nflow/temper wrote with its keyword log: the attempts of the last ladder, in order.
struct ExchangeLog {
  std::vector<double> temperatures; // of partition 0, 1, ..
  double boltz = 1.0;               // k_B in energy units
  std::vector<ExchangeAttempt> attempts;
  int64_t earlier_attempts = 0; // of ladders before the last one, left out
  bool truncated = false;       // the last line had no end, and was left out
};

/// Reads an exchange log. A last line without its end, of a run that was killed, is ignored. Throws
/// Error with the number of the line for whatever else is not of the format.
ExchangeLog read_exchange_log(const std::string &file);

/// Leaves out the first `scans` scans of attempts. Throws Error if nothing is left.
void skip_scans(ExchangeLog &log, int64_t scans, const std::string &file);

/// min(1, exp(-work_ij - work_ji)); 0 for works that are not finite.
double acceptance_of(const ExchangeAttempt &attempt);

/// The replica at each temperature before the first attempt.
std::vector<int> first_replicas(const ExchangeLog &log);

} // namespace nflow::stats

#endif
