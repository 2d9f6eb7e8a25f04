#ifndef NFLOW_FILES_THERMO_LOG_H
#define NFLOW_FILES_THERMO_LOG_H

#include <string>
#include <vector>

namespace nflow {

/// The column `name` of the last run's thermodynamic output in a LAMMPS log file (thermo_style with
/// one line a step); a last line without its end is left out. Throws Error if the file or the
/// column is missing, or where a value is not finite.
std::vector<double> read_thermo_column(const std::string &log_file, const std::string &name);

} // namespace nflow

#endif
