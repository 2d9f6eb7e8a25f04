#ifndef NFLOW_LAMMPS_USABLE_H
#define NFLOW_LAMMPS_USABLE_H

#include "lammps.h"

namespace LAMMPS_NS {

/// Throws nflow::Error unless all positions of the atoms of a group can be replaced in the middle
/// of a run: a fixed box, a static group, no constraints, no inner levels of respa.
void require_fixed_setting(LAMMPS *lmp, int igroup);

} // namespace LAMMPS_NS

#endif
