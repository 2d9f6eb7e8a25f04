#include "lammps/group_positions.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/kernels.h"

#include "angle.h"
#include "atom.h"
#include "atom_masks.h"
#include "bond.h"
#include "dihedral.h"
#include "domain.h"
#include "fix.h"
#include "force.h"
#include "group.h"
#include "improper.h"
#include "irregular.h"
#include "kspace.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <algorithm>

using namespace LAMMPS_NS;

GroupPositions::GroupPositions(LAMMPS *lmp, int igroup, int dim, bool modulo_box,
                               nflow::Arrays &arrays)
    : Pointers(lmp), arrays_(arrays), igroup_(igroup), groupbit_(group->bitmask[igroup]), dim_(dim),
      modulo_box_(modulo_box), saved_(arrays) {}

GroupPositions::~GroupPositions() = default;

void GroupPositions::init() {
  if (domain->triclinic)
    throw nflow::Error("a triclinic box cannot be used with a flow: use an orthogonal box");
  if (!atom->tag_enable)
    throw nflow::Error("the atoms have no IDs, which a flow needs: remove 'atom_modify id no'");

  to_host();
  std::vector<tagint> mine; // ID and type, one after the other
  for (int i = 0; i < atom->nlocal; i++)
    if (atom->mask[i] & groupbit_)
      mine.insert(mine.end(), {atom->tag[i], static_cast<tagint>(atom->type[i])});
  const auto all = gather_ids(mine);

  std::vector<std::pair<tagint, int>> atoms;
  for (size_t i = 0; i < all.size(); i += 2)
    atoms.emplace_back(all[i], static_cast<int>(all[i + 1]));
  std::sort(atoms.begin(), atoms.end());
  ids_.clear();
  types_.clear();
  for (const auto &item : atoms) {
    ids_.push_back(item.first);
    types_.push_back(item.second);
  }
  tabulate_places();
  saved_.resize(state_size() + 1);
  find_bonded_pairs();
}

nflow::System GroupPositions::system() const {
  nflow::System system;
  system.n_atoms = size();
  system.dim = domain->dimension;
  system.types = types_;
  system.periodic = {domain->xperiodic != 0, domain->yperiodic != 0, domain->zperiodic != 0};
  system.box = {domain->prd[0], domain->prd[1], domain->prd[2]};
  system.units = update->unit_style;
  return system;
}

int64_t GroupPositions::ordinal(int i) const {
  return atom->mask[i] & groupbit_ ? place_of(atom->tag[i]) : -1;
}

/// A search for every atom would cost more than anything else that is done with it, and the table
/// no more memory than LAMMPS's own map of IDs; unless IDs are far apart.
void GroupPositions::tabulate_places() {
  places_.clear();
  if (ids_.empty()) return;
  const int64_t range = ids_.back() - ids_.front() + 1;
  if (range == size() || range > 2 * atom->natoms) return;
  places_.assign(range, -1);
  for (int64_t place = 0; place < size(); place++)
    places_[ids_[place] - ids_.front()] = static_cast<int32_t>(place);
}

kernels::PlaceOf GroupPositions::place_of_ids(const tagint *ids, const int32_t *places) const {
  if (ids_.empty()) return {ids, 0, 0, 0, nullptr};
  return {ids, size(), ids_.front(), ids_.back() - ids_.front() + 1,
          places_.empty() ? nullptr : places};
}

int64_t GroupPositions::place_of(tagint id) const {
  return place_of_ids(ids_.data(), places_.data())(id);
}

/// The numbers of all ranks, in the order of the ranks.
std::vector<tagint> GroupPositions::gather_ids(const std::vector<tagint> &mine) const {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int r = 1; r < comm->nprocs; r++) starts[r] = starts[r - 1] + counts[r - 1];
  std::vector<tagint> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, MPI_LMP_TAGINT, all.data(), counts.data(), starts.data(),
                 MPI_LMP_TAGINT, world);
  return all;
}

void GroupPositions::sum_over_ranks(double *values, int64_t count) const {
  if (comm->nprocs == 1) return;
  nflow::HostView host(arrays_, values, count, nflow::HostView::both, arrays_.mpi_reads(),
                       host_scratch_);
  MPI_Allreduce(MPI_IN_PLACE, host.data(), static_cast<int>(count), MPI_DOUBLE, MPI_SUM, world);
}

void GroupPositions::stop_for_changed_group() const {
  throw nflow::Error("group '" + std::string(group->names[igroup_]) +
                     "' has not the atoms that it had at the start of the run: a flow needs a "
                     "fixed set of atoms");
}

void GroupPositions::find_bonded_pairs() {
  bonded_pairs_.clear();
  if (atom->molecular != Atom::MOLECULAR) return;
  std::vector<tagint> mine; // IDs, two a pair
  const auto add = [&](tagint first, tagint second) {
    if (first != second) mine.insert(mine.end(), {first, second});
  };
  for (int i = 0; i < atom->nlocal; i++) {
    const tagint id = atom->tag[i];
    for (int m = 0; atom->num_bond && m < atom->num_bond[i]; m++) add(id, atom->bond_atom[i][m]);
    for (int m = 0; atom->num_angle && m < atom->num_angle[i]; m++)
      for (auto list : {atom->angle_atom1, atom->angle_atom2, atom->angle_atom3})
        add(id, list[i][m]);
    for (int m = 0; atom->num_dihedral && m < atom->num_dihedral[i]; m++)
      for (auto list :
           {atom->dihedral_atom1, atom->dihedral_atom2, atom->dihedral_atom3, atom->dihedral_atom4})
        add(id, list[i][m]);
    for (int m = 0; atom->num_improper && m < atom->num_improper[i]; m++)
      for (auto list :
           {atom->improper_atom1, atom->improper_atom2, atom->improper_atom3, atom->improper_atom4})
        add(id, list[i][m]);
  }
  const auto all = gather_ids(mine);
  for (size_t i = 0; i < all.size(); i += 2) {
    const int64_t first = place_of(all[i]), second = place_of(all[i + 1]);
    if (first >= 0 && second >= 0) bonded_pairs_.emplace_back(first, second);
  }
}
