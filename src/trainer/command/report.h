#ifndef NFLOW_TRAINER_COMMAND_REPORT_H
#define NFLOW_TRAINER_COMMAND_REPORT_H

#include "files/output_file.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>

namespace nflow::trainer {

/// One row of the CSV log and one progress line. NaN: not known.
struct Progress {
  int64_t step = 0, steps = 0;
  double loss = NAN, ml = NAN, kl = NAN, lambda = 0.0;
  double rate = 0.0, gradient_norm = NAN;
  double validation_nll = NAN, ess = NAN;
  double j = NAN, acceptance = NAN, ess_backward = NAN; // of flows between temperatures
  // With named states: exchanges accepted that change the target's state, the most that can be, the
  // least acceptance given a state, and the states that the flow loses.
  double between = NAN, between_ceiling = NAN, least_acceptance = NAN;
  std::string lost;
  int64_t skipped_steps = 0;
};

/// Writes progress to stdout and to a CSV file; on every rank but the root, nowhere.
class Report {
 public:
  /// Begins `csv`, with its rows up to `first_step` where a run is resumed there. Throws Error.
  Report(bool active, const std::string &csv, int64_t first_step);
  void line(const std::string &text) const;
  /// Throws Error where the row cannot be written.
  void progress(const Progress &progress);
  /// Since the report was opened.
  double seconds() const;

 private:
  bool active_;
  int64_t first_step_;
  std::unique_ptr<GrowingFile> csv_;
  std::chrono::steady_clock::time_point start_;
};

} // namespace nflow::trainer

#endif
