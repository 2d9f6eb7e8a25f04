#ifndef NFLOW_REFERENCE_GB_OBC_H
#define NFLOW_REFERENCE_GB_OBC_H

#include "operators/gb_obc.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::reference {

/// The atoms of a molecule as generalised Born sees them, in ascending order of their IDs.
struct GbAtoms {
  std::vector<int64_t> ids;
  std::vector<double> radius, scale, charge;

  int64_t size() const { return static_cast<int64_t>(ids.size()); }
};

/// Reads a table of one atom a line: ID, radius, scale, charge; '#' begins a comment. Radii must be
/// larger than `offset`. Throws Error that names the file and the line.
GbAtoms read_gb_table(const std::string &file, double offset);

/// Writes the implicit solvent of these atoms as an energy file for `fix nflow/energy` and
/// nflow-train, which calls torch.ops.nflow.gb_obc. Throws Error.
void write_gb_obc_file(const GbAtoms &atoms, const operators::GbObcConstants &constants,
                       const std::string &units, const std::string &path);

} // namespace nflow::reference

#endif
