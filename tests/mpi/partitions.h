#ifndef NFLOW_TESTS_PARTITIONS_H
#define NFLOW_TESTS_PARTITIONS_H

#include "estimators/autocorrelation.h"
#include "support/run_command.h"
#include "support/run_lammps.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace nflow::tests {

/// A LAMMPS run in several partitions: what came to the terminal, and the log of each partition.
struct PartitionRun {
  int status = 0;
  std::string output;
  std::vector<LammpsRun> partitions; // their logs and thermo rows

  /// All that there is to read after a failure.
  std::string text() const {
    std::string all = output;
    for (size_t p = 0; p < partitions.size(); p++) {
      const auto at = partitions[p].output.find("ERROR");
      if (at != std::string::npos)
        all += "partition " + std::to_string(p) + ": " + partitions[p].output.substr(at);
    }
    return all;
  }
  /// The column of the thermo output of a partition, but for the first `skip` rows.
  std::vector<double> column(int partition, size_t column, size_t skip = 0) const {
    std::vector<double> values;
    const auto &rows = partitions.at(partition).thermo;
    for (size_t i = skip; i < rows.size(); i++) values.push_back(rows[i].at(column));
    return values;
  }
};

/// The number of partitions and of ranks in a layout such as "4x2" or "1 2".
inline std::pair<int, int> layout_size(const std::string &layout) {
  std::istringstream words(layout);
  int partitions = 0, ranks = 0;
  for (std::string word; words >> word;) {
    const auto cross = word.find('x');
    const int many = cross == std::string::npos ? 1 : std::stoi(word.substr(0, cross));
    const int each = std::stoi(cross == std::string::npos ? word : word.substr(cross + 1));
    partitions += many;
    ranks += many * each;
  }
  return {partitions, ranks};
}

/// Runs a script in partitions of this layout; it is killed after `seconds`, with status 124, for
/// no test may hang. `extra` are further command line arguments.
inline PartitionRun run_partitions(const std::string &script, const std::string &layout,
                                   int seconds = 120, const std::string &extra = "") {
  static int count = 0;
  const std::string log = "part" + std::to_string(count++) + ".log";
  const auto size = layout_size(layout);
  const auto run =
      run_lammps(script, size.second,
                 "-partition " + layout + " -plog " + log + " -pscreen none " + extra, seconds);
  PartitionRun result{run.status, run.output, {}};
  for (int p = 0; p < size.first; p++) {
    LammpsRun partition;
    partition.output = contents(log + "." + std::to_string(p));
    partition.thermo = thermo_rows(partition.output);
    result.partitions.push_back(partition);
  }
  return result;
}

/// "variable NAME world a b ..."
template <class Value>
std::string world_variable(const std::string &name, const std::vector<Value> &values) {
  std::ostringstream text;
  text << "variable " << name << " world";
  for (const auto &value : values) text << ' ' << value;
  text << '\n';
  return text.str();
}

/// A line of the exchange log.
struct Exchange {
  long step = 0, scan = 0;
  int i = 0, j = 0;
  double work_ij = 0.0, work_ji = 0.0;
  int accepted = 0, replica_i = 0, replica_j = 0;

  double acceptance() const {
    const double log_a = -work_ij - work_ji;
    return std::isfinite(log_a) ? std::min(1.0, std::exp(log_a)) : 0.0;
  }
};

/// The attempts in an exchange log, after its last line that begins with `after` (if any).
inline std::vector<Exchange> exchange_log(const std::string &file, const std::string &after = "") {
  std::vector<Exchange> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!after.empty() && line.rfind(after, 0) == 0) rows.clear();
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string work_ij, work_ji; // by strtod, for inf and nan
    Exchange row;
    words >> row.step >> row.scan >> row.i >> row.j >> work_ij >> work_ji >> row.accepted >>
        row.replica_i >> row.replica_j;
    row.work_ij = std::strtod(work_ij.c_str(), nullptr);
    row.work_ji = std::strtod(work_ji.c_str(), nullptr);
    rows.push_back(row);
  }
  return rows;
}

/// Acceptance probabilities of the attempts of one pair.
inline std::vector<double> acceptances(const std::vector<Exchange> &log, int i, int j) {
  std::vector<double> values;
  for (const auto &row : log)
    if (row.i == i && row.j == j) values.push_back(row.acceptance());
  return values;
}

} // namespace nflow::tests

#endif
