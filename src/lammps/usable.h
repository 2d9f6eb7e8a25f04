#ifndef NFLOW_LAMMPS_USABLE_H
#define NFLOW_LAMMPS_USABLE_H

#include "lammps.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

/// Throws nflow::Error unless all positions of the atoms of a group can be replaced in the middle
/// of a run: a fixed box, a static group, no constraints, no inner levels of respa.
void require_fixed_setting(LAMMPS *lmp, int igroup);

/// Throws nflow::Error if a fix acts on atoms by forces or walls whose energy is not in the
/// potential energy, by which configurations are weighed; but for those whose IDs are in
/// `uncounted`, all of which must be there. Null: there is no keyword for them.
void require_counted_energies(LAMMPS *lmp, const std::vector<std::string> *uncounted);

} // namespace LAMMPS_NS

#endif
