#include "support/run_lammps.h"

#include "support/run_command.h"

#include <fstream>
#include <sstream>

namespace nflow::tests {

std::vector<std::vector<double>> thermo_rows(const std::string &output) {
  std::vector<std::vector<double>> rows;
  std::istringstream lines(output);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("Loop time", 0) == 0) inside = false;
    if (inside) {
      std::istringstream words(line);
      std::vector<double> row;
      for (double value; words >> value;) row.push_back(value);
      if (!row.empty() && words.eof()) rows.push_back(row);
    }
    if (line.find("Step") != std::string::npos && line.find("Step") < 4) inside = true;
  }
  return rows;
}

std::string LammpsRun::error() const {
  const auto at = output.find("ERROR");
  if (at == std::string::npos) return "";
  const auto start = output.find(": ", at);
  return output.substr(start + 2, output.find('\n', start) - start - 2);
}

std::map<std::string, double> LammpsRun::values() const {
  std::map<std::string, double> found;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string tag, name;
    double value = 0.0;
    if (words >> tag >> name >> value && tag == "VALUE") found[name] = value;
  }
  return found;
}

std::string plugin_file() {
  return NFLOW_PLUGIN;
}

std::string lammps_command(const std::string &script, int ranks, const std::string &extra) {
  static int count = 0;
  const std::string file = "in.test" + std::to_string(count++);
  std::ofstream(file) << "plugin load " << plugin_file() << '\n' << script;
  return mpi_launcher(NFLOW_MPIEXEC, ranks) + NFLOW_LMP + " -log none -in " + file + " " + extra;
}

LammpsRun run_lammps(const std::string &script, int ranks, const std::string &extra, int seconds) {
  const std::string limit = seconds > 0 ? "timeout -k 5 " + std::to_string(seconds) + " " : "";
  const auto result = run_command(limit + lammps_command(script, ranks, extra) + " < /dev/null");
  LammpsRun run;
  run.status = result.code;
  run.output = result.output;
  run.thermo = thermo_rows(run.output);
  return run;
}

} // namespace nflow::tests
