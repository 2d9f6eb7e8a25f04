#include "fix_nflow_energy.h"

#include "group_configuration.h"
#include "lammps_compat.h"
#include "nflow_error.h"
#include "root_model.h"

#include "atom.h"
#include "domain.h"
#include "respa.h"
#include "update.h"

#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;

FixNflowEnergy::FixNflowEnergy(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg) {
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
    potential_ = std::make_unique<RootEnergy>(world, arg[3]);
    const auto &metadata = potential_->metadata();
    configuration_ = std::make_unique<GroupConfiguration>(
        lmp, igroup, static_cast<int>(metadata.dim), metadata.periodic);
  } catch (const nflow::Error &e) {
    compat::stop(error, FLERR, std::string("fix nflow/energy: ") + e.what());
  }
}

FixNflowEnergy::~FixNflowEnergy() = default;

int FixNflowEnergy::setmask() {
  return POST_FORCE | POST_FORCE_RESPA | MIN_POST_FORCE;
}

void FixNflowEnergy::init() {
  try {
    configuration_->init();
    nflow::require_match(potential_->metadata(), configuration_->system(), "of fix nflow/energy");
  } catch (const nflow::Error &e) {
    compat::stop(error, FLERR, std::string("fix nflow/energy: ") + e.what());
  }
  x_.resize(configuration_->size() * potential_->metadata().dim);
  gradient_.resize(x_.size());
  try {
    configuration_->read({x_.data(), configuration_->size(), potential_->metadata().dim});
    potential_->check(x_.data());
  } catch (const nflow::Error &e) {
    compat::stop(error, FLERR, std::string("fix nflow/energy: ") + e.what());
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
  const auto dim = static_cast<int>(potential_->metadata().dim);
  try {
    configuration_->read({x_.data(), configuration_->size(), dim});
    energy_ = potential_->evaluate(x_.data(), gradient_.data());
  } catch (const nflow::Error &e) {
    compat::stop(error, FLERR, std::string("fix nflow/energy: ") + e.what());
  }
  v_init(vflag);
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = configuration_->ordinal(i) * dim;
    if (first < 0) continue;
    double force[3] = {0.0, 0.0, 0.0}, position[3] = {0.0, 0.0, 0.0};
    for (int k = 0; k < dim; k++) {
      force[k] = -gradient_[first + k];
      position[k] = x_[first + k];
      atom->f[i][k] += force[k];
    }
    if (!evflag) continue;
    double virial[6] = {force[0] * position[0], force[1] * position[1], force[2] * position[2],
                        force[0] * position[1], force[0] * position[2], force[1] * position[2]};
    v_tally(i, virial);
  }
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
