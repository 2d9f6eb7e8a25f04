// A plugin with the pair style soft/only: pair soft that leaves no forces, but NaN, where LAMMPS is
// asked for energies only, and counts how often that is; and with fixes named gjf, as a package of
// newer versions has one, and rattle/other, for a LAMMPS without the package RIGID.

#include "lammpsplugin.h"

#include "atom.h"
#include "comm.h"
#include "fix_nve.h"
#include "lammps/compat.h"
#include "pair_soft.h"

#include <cmath>
#include <cstdio>

using namespace LAMMPS_NS;

namespace {

class PairSoftOnly : public PairSoft {
 public:
  using PairSoft::PairSoft;
  ~PairSoftOnly() override {
    if (comm->me == 0) std::printf("VALUE energies_only %d\n", asked_);
  }
  void compute(int eflag, int vflag) override {
    PairSoft::compute(eflag, vflag);
    if (!(eflag & compat::energy_only)) return;
    asked_++;
    for (int i = 0; i < atom->nlocal + atom->nghost; i++)
      for (int k = 0; k < 3; k++) atom->f[i][k] = NAN;
  }

 private:
  int asked_ = 0;
};

void *create_pair(void *lmp) {
  return static_cast<Pair *>(new PairSoftOnly(static_cast<LAMMPS *>(lmp)));
}

void *create_fix(void *lmp, int narg, char **arg) {
  return static_cast<Fix *>(new FixNVE(static_cast<LAMMPS *>(lmp), narg, arg));
}

} // namespace

extern "C" void lammpsplugin_init(void *lmp, void *handle, void *regfunc) {
  lammpsplugin_t plugin{};
  plugin.version = NFLOW_LAMMPS_VERSION_TEXT;
  plugin.author = "the lammps-nflow authors";
  plugin.handle = handle;
  plugin.style = "pair";
  plugin.name = "soft/only";
  plugin.info = "pair soft without forces where energies are wanted";
  plugin.creator.v1 = create_pair;
  const auto register_plugin = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  register_plugin(&plugin, lmp);
  plugin.style = "fix";
  plugin.name = "gjf";
  plugin.info = "fix nve by another name";
  plugin.creator.v2 = create_fix;
  register_plugin(&plugin, lmp);
  plugin.name = "rattle/other";
  register_plugin(&plugin, lmp);
}
