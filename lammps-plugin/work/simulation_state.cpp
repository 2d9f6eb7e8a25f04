#include "work/simulation_state.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "work/fix_nflow_lists.h"

#include "atom.h"
#include "atom_vec.h"
#include "force.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>
#include <numeric>

using namespace LAMMPS_NS;

namespace {

/// Whether two lists of IDs in the memory of a platform are the same.
bool equal(nflow::Arrays &arrays, const nflow::Buffer<tagint> &a, const nflow::Buffer<tagint> &b) {
  const auto bytes = [](const nflow::Buffer<tagint> &ids) {
    return reinterpret_cast<const uint8_t *>(ids.data());
  };
  return a.size() == b.size() &&
         arrays.count_different(static_cast<int64_t>(sizeof(tagint)) * a.size(), bytes(a),
                                bytes(b)) == 0;
}

bool on_all_ranks(bool mine, MPI_Comm world) {
  int flag = mine;
  MPI_Allreduce(MPI_IN_PLACE, &flag, 1, MPI_INT, MPI_MIN, world);
  return flag != 0;
}

} // namespace

SimulationState::SimulationState(LAMMPS *lmp, Platform &platform)
    : Pointers(lmp), arrays_(platform.arrays()), all_(platform.positions(lmp, 0, 3, false)),
      energy_(lmp, platform), atoms_(platform.local_atoms(lmp)), ids_(arrays_), ids_now_(arrays_),
      images_(arrays_), x_(arrays_), f_(arrays_), home_(arrays_) {}

void SimulationState::init() {
  all_->init();
  energy_.init();
}

void SimulationState::save(const FixNflowLists &lists) {
  atoms_->read_ids(ids_);
  atoms_->read_images(images_);
  atoms_->read_positions(x_);
  atoms_->read_forces(f_);
  // Something may have sent atoms around without building lists: then these lists are of no use,
  // and ones of the present positions will do.
  const auto &home = on_all_ranks(equal(arrays_, lists.ids(), ids_), world) ? lists.x() : x_;
  home_.resize(3 * all_->size());
  all_->collect(home.data(), home_.data());

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
  atoms_->write_positions(x_);
  atoms_->write_images(images_);
  atoms_->before_forward_comm();
  comm->forward_comm();
}

void SimulationState::send_home() {
  all_->place_wrapped(home_.data());
  energy_.migrate();
  comm->exchange();
}

/// Puts this rank's atoms into their order at save(), in the way of Atom::sort(), on the host: the
/// order changes only where atoms have changed their ranks.
void SimulationState::restore_order() {
  atoms_->read_ids(ids_now_);
  if (on_all_ranks(equal(arrays_, ids_now_, ids_), world)) return;
  if (atom->nlocal == atom->nmax) atom->avec->grow(0); // a cycle needs one place more
  atoms_->to_host();
  const auto wanted = places_of_saved_order();
  const int n = atom->nlocal;
  std::vector<int> current(n);
  std::iota(current.begin(), current.end(), 0);
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
  atoms_->changed_on_host();
}

/// For each place of save() where its atom is now.
std::vector<int> SimulationState::places_of_saved_order() const {
  std::vector<std::pair<tagint, int>> places; // of an ID among the atoms now
  for (int i = 0; i < atom->nlocal; i++) places.emplace_back(atom->tag[i], i);
  std::sort(places.begin(), places.end());
  std::vector<int> wanted;
  for (const tagint id : ids_.on_host()) {
    const auto found = std::lower_bound(places.begin(), places.end(), std::make_pair(id, 0));
    if (found != places.end() && found->first == id) wanted.push_back(found->second);
  }
  const bool complete = static_cast<int64_t>(places.size()) == ids_.size() &&
                        static_cast<int64_t>(wanted.size()) == ids_.size();
  if (!on_all_ranks(complete, world))
    throw nflow::Error("atoms did not come back to their MPI ranks after an evaluation elsewhere: "
                       "use fewer ranks");
  return wanted;
}

double SimulationState::energy() {
  // Complete forces, which the fixes that act on them (setforce) sum up.
  const double energy = energy_.evaluate_with_present_lists(true, true);
  Compute *potential = compat::find_compute(modify, "thermo_pe");
  update->eflag_global = tallied_at_;
  potential->invoked_scalar = invoked_;
  potential->scalar = scalar_;
  atoms_->write_forces(f_);
  return energy;
}
