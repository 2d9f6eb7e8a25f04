#include "lammps/usable.h"

#include "base/error.h"
#include "lammps/compat.h"

#include "domain.h"
#include "fix.h"
#include "group.h"
#include "lammps.h"
#include "modify.h"
#include "update.h"

namespace LAMMPS_NS {

void require_fixed_setting(LAMMPS *lmp, int igroup) {
  const Domain *domain = lmp->domain;
  if (utils::strmatch(lmp->update->integrate_style, "^respa"))
    throw nflow::Error("run_style respa holds the forces of its inner levels, which a move would "
                       "leave stale: use run_style verlet");
  if (domain->nonperiodic == 2)
    throw nflow::Error("the box is shrink-wrapped, but a flow is made for a fixed box: use "
                       "boundary f or p");
  if (lmp->group->dynamic[igroup])
    throw nflow::Error("the group must not be dynamic: a flow needs a fixed set of atoms");
  if (lmp->modify->check_rigid_group_overlap(lmp->group->bitmask[igroup]))
    throw nflow::Error("atoms of the group are in a rigid body, which a flow would break: choose "
                       "another group");
  for (int i = 0; i < lmp->modify->nfix; i++)
    if (compat::begins_with(lmp->modify->fix[i]->style, {"shake", "rattle"}))
      throw nflow::Error("fix shake and fix rattle hold bonds that a flow would break: remove the "
                         "constraints");
  if (domain->box_change_size || domain->box_change_shape || domain->deform_flag)
    throw nflow::Error("the box changes during the run, but a flow is made for a fixed box: remove "
                       "the barostat or deformation that changes the box");
}

} // namespace LAMMPS_NS
