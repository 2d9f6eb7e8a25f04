#include "energy/fix_nflow_energy.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "root_model.h"

#include "atom.h"
#include "respa.h"
#include "update.h"

#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;

FixNflowEnergy::FixNflowEnergy(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), x_(platform.arrays()), gradient_(platform.arrays()),
      virials_(platform.arrays()) {
  if (narg != 4)
    compat::stop(error, FLERR,
                 "Illegal fix nflow/energy command: the form is 'fix ID group nflow/energy file'");
  scalar_flag = 1;
  extscalar = 1;
  global_freq = 1;
  energy_global_flag = 1;
  virial_global_flag = virial_peratom_flag = 1;
  respa_level_support = 1;
  dynamic_group_allow = 0;
  try {
    potential_ = std::make_unique<RootEnergy>(world, arg[3], platform);
    const auto &metadata = potential_->metadata();
    positions_ = platform.positions(lmp, igroup, static_cast<int>(metadata.dim), metadata.periodic);
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
}

FixNflowEnergy::~FixNflowEnergy() = default;

void FixNflowEnergy::stop(const std::string &sentence) const {
  compat::stop(error, FLERR, "fix nflow/energy: " + sentence);
}

int FixNflowEnergy::setmask() {
  return POST_FORCE | POST_FORCE_RESPA | MIN_POST_FORCE;
}

void FixNflowEnergy::init() {
  try {
    positions_->init();
    nflow::require_match(potential_->metadata(), positions_->system(), "of fix nflow/energy");
    x_.resize(potential_->metadata().coordinates());
    gradient_.resize(x_.size());
    positions_->read(x_.data());
    potential_->check(x_);
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  if (utils::strmatch(update->integrate_style, "^respa")) {
    ilevel_respa_ = static_cast<Respa *>(update->integrate)->nlevels - 1;
    if (respa_level > 0) ilevel_respa_ = std::min(respa_level, ilevel_respa_ + 1) - 1;
  }
}

void FixNflowEnergy::setup(int vflag) {
  if (utils::strmatch(update->integrate_style, "^verlet")) {
    post_force(vflag);
    return;
  }
  auto respa = static_cast<Respa *>(update->integrate);
  respa->copy_flevel_f(ilevel_respa_);
  post_force_respa(vflag, ilevel_respa_, 0);
  respa->copy_f_flevel(ilevel_respa_);
}

void FixNflowEnergy::min_setup(int vflag) {
  post_force(vflag);
}

void FixNflowEnergy::post_force(int vflag) {
  try {
    positions_->read(x_.data());
    energy_ = potential_->evaluate(x_.data(), gradient_.data());
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  positions_->add_forces(-1.0, gradient_.data());
  tally_virial(vflag);
}

void FixNflowEnergy::find_energy() {
  try {
    positions_->read(x_.data());
    energy_ = potential_->energy(x_.data());
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
}

bool FixNflowEnergy::is_of(const GroupPositions &positions) const {
  return positions.ids() == positions_->ids() && positions.dim() == positions_->dim();
}

void FixNflowEnergy::find_energies(int64_t count, const double *x, double *energies) {
  try {
    potential_->energies(count, x, energies);
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
}

/// As Fix::v_tally() does of each atom.
void FixNflowEnergy::tally_virial(int vflag) {
  v_init(vflag);
  if (!evflag) return;
  if (vflag_global) positions_->virial(x_.data(), gradient_.data(), virial);
  if (!vflag_atom) return;
  // LAMMPS has no other than the host's arrays for these.
  positions_->atom_virials(x_.data(), gradient_.data(), virials_);
  if (virials_.size() > 0) virials_.copy_out(vatom[0]);
}

void FixNflowEnergy::post_force_respa(int vflag, int ilevel, int) {
  if (ilevel == ilevel_respa_) post_force(vflag);
}

void FixNflowEnergy::min_post_force(int vflag) {
  post_force(vflag);
}

double FixNflowEnergy::compute_scalar() {
  return energy_;
}
