#ifndef NFLOW_TESTS_RUN_LAMMPS_H
#define NFLOW_TESTS_RUN_LAMMPS_H

#include <map>
#include <string>
#include <vector>

namespace nflow::tests {

struct LammpsRun {
  int status = 0;                          // exit status of lmp or mpirun
  std::string output;                      // stdout and stderr
  std::vector<std::vector<double>> thermo; // all thermo rows of all runs, in order

  /// What stands behind "ERROR: " (or "ERROR on proc 0: "), or nothing.
  std::string error() const;
  /// Numbers printed by the script as "VALUE name number".
  std::map<std::string, double> values() const;
};

/// Rows of numbers between a line that starts with "Step" and one that starts with "Loop time".
std::vector<std::vector<double>> thermo_rows(const std::string &output);

/// The plugin that scripts load.
std::string plugin_file();

/// The shell command that runs a LAMMPS script (written to a file of a new name; the plugin is
/// loaded in its first line) on `ranks` MPI ranks. `extra` are further command line arguments.
std::string lammps_command(const std::string &script, int ranks, const std::string &extra);

/// Runs that command. With `seconds` > 0 it is killed after that time, and the status is 124.
LammpsRun run_lammps(const std::string &script, int ranks = 1, const std::string &extra = "",
                     int seconds = 0);

} // namespace nflow::tests

#endif
