#ifndef NFLOW_REFERENCE_ENERGY_FILE_H
#define NFLOW_REFERENCE_ENERGY_FILE_H

#include "reference/multi_well.h"

namespace nflow::reference {

/// Writes a potential as a TorchScript energy file (format "nflow-energy") with its analytic
/// gradient, for `fix nflow/energy` and nflow-train: n_atoms = dim, one coordinate an atom, units
/// lj, float64. `provenance` says how the system was made; the parameters are added to it. Throws
/// Error.
void write_multi_well_file(const MultiWell &system, const nlohmann::json &provenance,
                           const std::string &path);
void write_double_well64_file(const std::string &path);

/// The multi-well that an energy file of this program holds, from its provenance. Throws Error for
/// any other file.
MultiWell read_multi_well_file(const std::string &path);

/// Whether an energy file is the 64-dimensional double well. Throws Error for what is no energy
/// file.
bool is_double_well64_file(const std::string &path);

} // namespace nflow::reference

#endif
