#ifndef NFLOW_FILES_EXCHANGE_LOG_H
#define NFLOW_FILES_EXCHANGE_LOG_H

#include "files/output_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nflow {

/// One attempt to exchange the configurations at the temperatures i < j (indices of partitions).
struct ExchangeAttempt {
  int64_t step = 0, scan = 0;
  int i = 0, j = 0;
  double work_ij = 0.0, work_ji = 0.0; // reduced; +infinite or NaN for a rejected configuration
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

/// Writes the file of keyword log (docs/fix_nflow_temper.md), which nflow-stats reads, line by
/// line, so that a killed run loses none. Members throw Error where that is not possible.
class ExchangeLogWriter {
 public:
  /// Begins the file anew, or with `last_step` >= 0 keeps its lines up to that step. Throws
  /// nflow::Error.
  ExchangeLogWriter(const std::string &file, int64_t last_step, double boltzmann);
  ~ExchangeLogWriter();
  ExchangeLogWriter(const ExchangeLogWriter &) = delete;
  ExchangeLogWriter &operator=(const ExchangeLogWriter &) = delete;

  void temperatures(const std::vector<double> &temperatures);
  void remark(const std::string &text);
  void attempt(const ExchangeAttempt &attempt);
  /// Adds the attempts to the file, which then ends with a whole line whatever happens.
  void flush();
  /// Whether lines of before were kept.
  bool continued() const { return continued_; }

 private:
  std::unique_ptr<GrowingFile> file_;
  std::string pending_;
  bool continued_ = false;
};

} // namespace nflow

#endif
