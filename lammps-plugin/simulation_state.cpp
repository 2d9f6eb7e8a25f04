#include "simulation_state.h"

#include "fix_nflow_lists.h"
#include "lammps_compat.h"
#include "nflow_error.h"

#include "atom.h"
#include "atom_vec.h"
#include "force.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>
#include <numeric>

using namespace LAMMPS_NS;

namespace {

bool on_all_ranks(bool mine, MPI_Comm world) {
  int flag = mine;
  MPI_Allreduce(MPI_IN_PLACE, &flag, 1, MPI_INT, MPI_MIN, world);
  return flag != 0;
}

} // namespace

void SimulationState::init() {
  all_.init();
}

void SimulationState::save(const FixNflowLists &lists) {
  const int n = atom->nlocal;
  ids_.assign(atom->tag, atom->tag + n);
  images_.assign(atom->image, atom->image + n);
  x_.clear();
  f_.clear();
  if (n > 0) {
    x_.assign(atom->x[0], atom->x[0] + 3 * n);
    f_.assign(atom->f[0], atom->f[0] + 3 * n);
  }
  // Something may have sent atoms around without building lists: then these lists are of no use,
  // and ones of the present positions will do.
  const auto &home = on_all_ranks(lists.ids() == ids_, world) ? lists.x() : x_;
  home_.assign(3 * all_.size(), 0.0);
  bool known = true;
  for (int i = 0; i < n; i++) {
    const int64_t place = all_.ordinal(i);
    known = known && place >= 0;
    if (place >= 0) std::copy_n(&home[3 * i], 3, &home_[3 * place]);
  }
  if (!on_all_ranks(known, world))
    throw nflow::Error("there are atoms that were not there at the start of the run: use a fixed "
                       "set of atoms");
  if (comm->nprocs > 1)
    MPI_Allreduce(MPI_IN_PLACE, home_.data(), static_cast<int>(home_.size()), MPI_DOUBLE, MPI_SUM,
                  world);

  ago_ = neighbor->ago;
  ncalls_ = neighbor->ncalls;
  ndanger_ = neighbor->ndanger;
  lastcall_ = neighbor->lastcall;
  const Compute *potential = compat::find_compute(modify, "thermo_pe");
  tallied_at_ = update->eflag_global;
  invoked_ = potential->invoked_scalar;
  scalar_ = potential->scalar;
}

void SimulationState::restore_atoms() {
  send_home();
  restore_order();
  comm->borders();
  modify->pre_neighbor();
  neighbor->build(1);
  modify->post_neighbor();
  neighbor->ago = ago_;
  neighbor->ncalls = ncalls_;
  neighbor->ndanger = ndanger_;
  neighbor->lastcall = lastcall_;
  if (!x_.empty()) std::copy(x_.begin(), x_.end(), atom->x[0]);
  std::copy(images_.begin(), images_.end(), atom->image);
  comm->forward_comm();
}

void SimulationState::send_home() {
  for (int i = 0; i < atom->nlocal; i++) std::copy_n(&home_[3 * all_.ordinal(i)], 3, atom->x[i]);
  all_.migrate();
  comm->exchange();
}

/// Puts this rank's atoms into their order at save(), in the way of Atom::sort().
void SimulationState::restore_order() {
  const int n = atom->nlocal;
  std::vector<std::pair<tagint, int>> places; // of an ID among the atoms now
  for (int i = 0; i < n; i++) places.emplace_back(atom->tag[i], i);
  std::sort(places.begin(), places.end());
  std::vector<int> wanted; // atom to come to each place
  for (const tagint id : ids_) {
    const auto found = std::lower_bound(places.begin(), places.end(), std::make_pair(id, 0));
    if (found != places.end() && found->first == id) wanted.push_back(found->second);
  }
  if (!on_all_ranks(n == static_cast<int>(ids_.size()) && wanted.size() == ids_.size(), world))
    throw nflow::Error("atoms did not come back to their MPI ranks after an evaluation elsewhere: "
                       "use fewer ranks");
  std::vector<int> current(n);
  std::iota(current.begin(), current.end(), 0);
  if (n == atom->nmax) atom->avec->grow(0); // a cycle needs one place more
  for (int i = 0; i < n; i++) {
    if (current[i] == wanted[i]) continue;
    atom->avec->copy(i, n, 0);
    int empty = i;
    while (wanted[empty] != i) {
      atom->avec->copy(wanted[empty], empty, 0);
      empty = current[empty] = wanted[empty];
    }
    atom->avec->copy(n, empty, 0);
    current[empty] = wanted[empty];
  }
}

double SimulationState::energy() {
  // Complete forces, which the fixes that act on them (setforce) sum up.
  all_.compute_forces(true, all_.energy_flags(), all_.virial_flags());
  update->eflag_global = update->ntimestep;
  Compute *potential = compat::find_compute(modify, "thermo_pe");
  double energy = potential->compute_scalar();
  if (comm->nprocs > 1) MPI_Bcast(&energy, 1, MPI_DOUBLE, 0, world);
  update->eflag_global = tallied_at_;
  potential->invoked_scalar = invoked_;
  potential->scalar = scalar_;
  if (!f_.empty()) std::copy(f_.begin(), f_.end(), atom->f[0]);
  return energy;
}
