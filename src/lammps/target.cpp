#include "lammps/target.h"

#include "atom.h"
#include "comm.h"
#include "force.h"

#include <cmath>

namespace LAMMPS_NS {

void LammpsTarget::init() {
  host_inverse_masses_.assign(positions_.size() * dim_, 0.0);
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = positions_.ordinal(i) * dim_;
    if (first < 0) continue;
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    for (int k = 0; k < dim_; k++) host_inverse_masses_[first + k] = 1.0 / (mass * force->mvv2e);
  }
  if (comm->nprocs > 1)
    MPI_Allreduce(MPI_IN_PLACE, host_inverse_masses_.data(),
                  static_cast<int>(host_inverse_masses_.size()), MPI_DOUBLE, MPI_SUM, world);
  inverse_masses_.assign(host_inverse_masses_.data(), host_inverse_masses_.size());
}

int64_t LammpsTarget::agree(int64_t decision) {
  if (comm->nprocs > 1 && !positions_.arrays().on_host())
    MPI_Bcast(&decision, 1, MPI_INT64_T, 0, world);
  return decision;
}

double LammpsTarget::energy(const double *x) {
  return agree(positions_.replace(x)) ? energy_.evaluate_proposal() : INFINITY;
}

double LammpsTarget::energy_and_forces(const double *x, double *forces) {
  return with_forces(x, false, forces);
}

double LammpsTarget::energy_and_forces_nearby(const double *x, double *forces) {
  return with_forces(x, true, forces);
}

double LammpsTarget::with_forces(const double *x, bool nearby, double *forces) {
  if (!agree(positions_.replace(x))) return INFINITY;
  const double energy = energy_.evaluate_proposal(true, false, nearby);
  if (std::isfinite(energy)) positions_.forces(forces);
  return energy;
}

} // namespace LAMMPS_NS
