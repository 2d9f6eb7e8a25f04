#include "fix_nflow_lists.h"

#include "lammps_compat.h"

#include "atom.h"

using namespace LAMMPS_NS;

FixNflowLists::FixNflowLists(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg) {
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
  const int n = atom->nlocal;
  ids_.assign(atom->tag, atom->tag + n);
  x_.resize(3 * n);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 3; k++) x_[3 * i + k] = atom->x[i][k];
}

double FixNflowLists::memory_usage() {
  return static_cast<double>(sizeof(tagint) * ids_.capacity() + sizeof(double) * x_.capacity());
}
