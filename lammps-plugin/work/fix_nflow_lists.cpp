#include "work/fix_nflow_lists.h"

#include "lammps/compat.h"

using namespace LAMMPS_NS;

FixNflowLists::FixNflowLists(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), atoms_(platform.local_atoms(lmp)), ids_(platform.arrays()),
      x_(platform.arrays()) {
  if (narg != 3)
    compat::stop(error, FLERR, "fix NFLOW/LISTS is made by other styles: remove it from the input");
}

int FixNflowLists::setmask() {
  return FixConst::POST_NEIGHBOR;
}

void FixNflowLists::setup_post_neighbor() {
  post_neighbor();
}

void FixNflowLists::post_neighbor() {
  atoms_->read_ids(ids_);
  atoms_->read_positions(x_);
}

double FixNflowLists::memory_usage() {
  return static_cast<double>(sizeof(tagint) * ids_.size() + sizeof(double) * x_.size());
}
