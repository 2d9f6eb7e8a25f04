#include "exchange_log_file.h"

#include "nflow_error.h"

#include <fstream>

namespace LAMMPS_NS {

namespace {

/// The lines of a log up to a step, with the remarks that were written after the last of these.
std::string lines_until(const std::string &file, int64_t last_step) {
  std::ifstream in(file);
  std::string kept, pending;
  bool rows = false;
  for (std::string line; std::getline(in, line) && !in.eof();) {
    if (line.empty()) continue;
    if (line[0] == '#') {
      pending += line + '\n';
      continue;
    }
    if (std::atoll(line.c_str()) > last_step) break;
    kept += pending + line + '\n';
    pending.clear();
    rows = true;
  }
  return rows ? kept + pending : "";
}

} // namespace

ExchangeLogFile::ExchangeLogFile(const std::string &file, int64_t last_step, double boltzmann) {
  const std::string kept = last_step >= 0 ? lines_until(file, last_step) : "";
  continued_ = !kept.empty();
  file_ = fopen(file.c_str(), "w");
  if (!file_)
    throw nflow::Error("cannot write the log '" + file + "': give a file in a folder that exists");
  if (continued_)
    fputs(kept.c_str(), file_);
  else
    fprintf(file_, "# nflow/temper 1 exchange log\n# kB %.17g\n", boltzmann);
}

ExchangeLogFile::~ExchangeLogFile() {
  fclose(file_);
}

void ExchangeLogFile::temperatures(const std::vector<double> &temperatures) {
  fputs("# T", file_);
  for (const double temperature : temperatures) fprintf(file_, " %.12g", temperature);
  fputs("\n# columns: step scan i j work_ij work_ji accepted replica_i replica_j\n", file_);
  flush();
}

void ExchangeLogFile::remark(const std::string &text) {
  fprintf(file_, "# %s\n", text.c_str());
  flush();
}

void ExchangeLogFile::row(const ExchangeRow &row) {
  fprintf(file_, "%lld %llu %d %d %.12g %.12g %d %d %d\n", static_cast<long long>(row.step),
          static_cast<unsigned long long>(row.scan), row.i, row.j, row.work_ij, row.work_ji,
          row.accepted ? 1 : 0, row.replica_i, row.replica_j);
}

} // namespace LAMMPS_NS
