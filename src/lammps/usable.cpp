#include "lammps/usable.h"

#include "base/error.h"
#include "lammps/compat.h"

#include "domain.h"
#include "fix.h"
#include "group.h"
#include "lammps.h"
#include "modify.h"
#include "update.h"

#include <algorithm>

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
  for (int i = 0; i < lmp->modify->nfix; i++) {
    const Fix *fix = lmp->modify->fix[i];
    // It changes the box in a minimization alone.
    if (compat::begins_with(fix->style, {"box/relax"})) continue;
    if (fix->box_change & ~(Fix::BOX_CHANGE_DOMAIN | Fix::BOX_CHANGE_ANY))
      throw nflow::Error("the box changes during the run, but a flow is made for a fixed box: "
                         "remove the barostat or deformation that changes the box");
  }
}

void require_counted_energies(LAMMPS *lmp, const std::vector<std::string> *uncounted) {
  Modify *modify = lmp->modify;
  const auto said = uncounted ? *uncounted : std::vector<std::string>();
  for (const auto &id : said)
    if (modify->find_fix(id) < 0)
      throw nflow::Error("uncounted names a fix " + id +
                         ", which does not exist: name fixes that do");
  for (int i = 0; i < modify->nfix; i++) {
    const Fix *fix = modify->fix[i];
    if (std::count(said.begin(), said.end(), fix->id) > 0) continue;
    const std::string name = "fix " + std::string(fix->id) + " (" + fix->style + ")",
                      meant = uncounted ? ", or 'uncounted " + std::string(fix->id) +
                                              "' if it is meant so"
                                        : "";
    if (compat::begins_with(fix->style, {"wall/reflect", "wall/gran", "wall/piston", "oneway",
                                         "aveforce", "addtorque", "drag"}))
      throw nflow::Error(name +
                         " acts on atoms but has no energy, so that no proposal knows of "
                         "it: use forces with an energy (for a wall: wall/harmonic, "
                         "wall/lj126 ..)" +
                         meant);
    // Of a thermostat LAMMPS has other flags.
    if (fix->energy_global_flag && !fix->thermo_energy && (modify->fmask[i] & FixConst::POST_FORCE))
      throw nflow::Error(name +
                         " exerts forces whose energy is not in the potential energy, by "
                         "which configurations are weighed: say 'fix_modify " +
                         fix->id + " energy yes'" + meant);
  }
}

} // namespace LAMMPS_NS
