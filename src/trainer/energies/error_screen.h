#ifndef NFLOW_TRAINER_ENERGIES_ERROR_SCREEN_H
#define NFLOW_TRAINER_ENERGIES_ERROR_SCREEN_H

// Internal to this folder.

#include <cstdio>
#include <string>

namespace nflow::trainer {

/// A screen for a LAMMPS that ends the process itself where it has an error, as those built without
/// LAMMPS_EXCEPTIONS do. Nothing of what is written to it is seen but an error, which ends the
/// process with exit code 2 and the sentence that an Error about the input script `file` would have
/// had.
FILE *error_screen(const std::string &file);

} // namespace nflow::trainer

#endif
