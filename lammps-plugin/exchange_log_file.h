#ifndef NFLOW_EXCHANGE_LOG_FILE_H
#define NFLOW_EXCHANGE_LOG_FILE_H

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// One attempt of one pair, as the log has it.
struct ExchangeRow {
  int64_t step;
  uint64_t scan;
  int i, j;
  double work_ij, work_ji;
  bool accepted;
  int replica_i, replica_j;
};

/// The file of keyword log (docs/fix_nflow_temper.md), which nflow-stats reads. Written line by
/// line, so that a killed run loses none.
class ExchangeLogFile {
 public:
  /// Begins the file anew, or with `last_step` >= 0 keeps its lines up to that step. Throws
  /// nflow::Error.
  ExchangeLogFile(const std::string &file, int64_t last_step, double boltzmann);
  ~ExchangeLogFile();
  ExchangeLogFile(const ExchangeLogFile &) = delete;
  ExchangeLogFile &operator=(const ExchangeLogFile &) = delete;

  void temperatures(const std::vector<double> &temperatures);
  void remark(const std::string &text);
  void row(const ExchangeRow &row);
  void flush() { fflush(file_); }
  /// Whether lines of before were kept.
  bool continued() const { return continued_; }

 private:
  FILE *file_;
  bool continued_ = false;
};

} // namespace LAMMPS_NS

#endif
