#ifndef NFLOW_USABLE_H
#define NFLOW_USABLE_H

namespace LAMMPS_NS {

/// Throws nflow::Error unless all positions of the atoms of a group can be replaced in the middle
/// of a run: a fixed box, a static group, no constraints, no inner levels of respa.
void require_fixed_setting(class LAMMPS *lmp, int igroup);

} // namespace LAMMPS_NS

#endif
