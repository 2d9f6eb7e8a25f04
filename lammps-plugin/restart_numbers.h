#ifndef NFLOW_RESTART_NUMBERS_H
#define NFLOW_RESTART_NUMBERS_H

#include <cstdio>
#include <vector>

namespace LAMMPS_NS {

/// Writes the state of a fix into a restart file, as LAMMPS wants it of Fix::write_restart(), on
/// rank 0; Fix::restart() gets the address of these numbers.
inline void write_restart_numbers(FILE *file, const std::vector<double> &numbers) {
  const int bytes = static_cast<int>(numbers.size() * sizeof(double));
  fwrite(&bytes, sizeof(int), 1, file);
  fwrite(numbers.data(), sizeof(double), numbers.size(), file);
}

} // namespace LAMMPS_NS

#endif
