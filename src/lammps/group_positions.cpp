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
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <map>

using namespace LAMMPS_NS;

namespace {

uint64_t bits(double value) {
  uint64_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

/// Whose every bit depends on all bits of the numbers (the finaliser of splitmix64, of each).
uint64_t mixed(std::initializer_list<uint64_t> numbers) {
  uint64_t hash = 0;
  for (const uint64_t number : numbers) {
    hash = (hash ^ number) + 0x9e3779b97f4a7c15ull;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
    hash ^= hash >> 31;
  }
  return hash;
}

} // namespace

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

  charges_vary_ = false;
  for (int i = 0; i < modify->nfix; i++)
    charges_vary_ = charges_vary_ || compat::begins_with(modify->fix[i]->style, {"qeq", "acks2"});
  const auto atoms = collect_atoms();
  types_ = types_of(atoms);
  ids_.clear();
  facts_.clear();
  for (const auto &one : atoms) {
    ids_.push_back(one.id);
    facts_.push_back(one.facts);
  }
  rows_.clear();
  row_ids_ = ids_;
  box_ = box();
  digest_ = digest();
  tabulate_places();
  saved_.resize(state_size() + 1);
  find_bonded_pairs();
}

/// All atoms of the group, by ascending ID.
std::vector<GroupPositions::AtomOfGroup> GroupPositions::collect_atoms() {
  to_host();
  std::vector<tagint> tags; // ID and type, one after the other
  std::vector<double> numbers;
  for (int i = 0; i < atom->nlocal; i++) {
    if (!(atom->mask[i] & groupbit_)) continue;
    const Facts facts = facts_of(i);
    tags.insert(tags.end(), {atom->tag[i], static_cast<tagint>(atom->type[i])});
    numbers.insert(numbers.end(), {facts.charge, facts.mass});
  }
  tags = gather_ranks(tags, MPI_LMP_TAGINT);
  numbers = gather_ranks(numbers, MPI_DOUBLE);
  std::vector<AtomOfGroup> atoms;
  for (size_t i = 0; i < tags.size(); i += 2)
    atoms.push_back({tags[i], static_cast<int>(tags[i + 1]), {numbers[i], numbers[i + 1]}});
  std::sort(atoms.begin(), atoms.end(), [](const auto &a, const auto &b) { return a.id < b.id; });
  return atoms;
}

std::vector<int> GroupPositions::types_of(const std::vector<AtomOfGroup> &atoms) {
  std::vector<int> types;
  for (const auto &one : atoms) types.push_back(one.type);
  return types;
}

GroupPositions::Facts GroupPositions::facts_of(int i) const {
  return {atom->q && !charges_vary_ ? atom->q[i] : 0.0,
          atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]]};
}

std::vector<double> GroupPositions::box() const {
  return {domain->boxlo[0], domain->boxlo[1], domain->boxlo[2],
          domain->prd[0],   domain->prd[1],   domain->prd[2]};
}

/// The same on all ranks and for any number of them: of the atoms a sum, which has no order.
uint64_t GroupPositions::digest() {
  to_host();
  uint64_t sum = 0;
  for (int i = 0; i < atom->nlocal; i++) {
    if (!(atom->mask[i] & groupbit_)) continue;
    const Facts facts = facts_of(i);
    sum += mixed({static_cast<uint64_t>(atom->tag[i]), static_cast<uint64_t>(atom->type[i]),
                  bits(facts.charge), bits(facts.mass)});
  }
  if (comm->nprocs > 1) MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, world);
  for (const double length : box()) sum = mixed({sum, bits(length)});
  return sum;
}

bool GroupPositions::arrange(const std::vector<int> &by_id, const std::vector<int> &wanted) {
  if (by_id == wanted) {
    rows_.clear();
  } else {
    std::map<int, std::deque<int32_t>> free; // rows of each type
    for (size_t row = 0; row < wanted.size(); row++)
      free[wanted[row]].push_back(static_cast<int32_t>(row));
    std::vector<int32_t> rows;
    for (const int type : by_id) {
      auto &list = free[type];
      if (list.empty()) return false;
      rows.push_back(list.front());
      list.pop_front();
    }
    if (rows.size() != wanted.size()) return false;
    rows_ = rows;
  }
  types_ = wanted;
  row_ids_ = ids_;
  for (size_t place = 0; place < rows_.size(); place++) row_ids_[rows_[place]] = ids_[place];
  return true;
}

bool GroupPositions::order_by(const std::vector<int> &types) {
  if (types == types_) return true;
  const auto atoms = collect_atoms();
  if (atom->molecular != Atom::ATOMIC || !arrange(types_of(atoms), types)) return false;
  for (size_t place = 0; place < atoms.size(); place++)
    facts_[rows_.empty() ? place : rows_[place]] = atoms[place].facts;
  reorder();
  return true;
}

bool GroupPositions::follow() {
  const uint64_t now = digest();
  if (now == digest_) return false;
  if (box() != box_)
    throw nflow::Error("the box is not that of the start of the run any more, but a flow is made "
                       "for a fixed box: leave the box as it is");
  const auto atoms = collect_atoms();
  if (atoms.size() != ids_.size()) stop_for_changed_group();
  for (size_t place = 0; place < atoms.size(); place++)
    if (atoms[place].id != ids_[place]) stop_for_changed_group();
  const auto rows_before = rows_;
  const std::string of_group = " of group '" + std::string(group->names[igroup_]) + "'";
  if (!arrange(types_of(atoms), types_))
    throw nflow::Error("the numbers of atoms of each type" + of_group +
                       " have changed since the start of the run, but a flow is made for a fixed "
                       "composition: leave types as they are, or let them be exchanged only");
  for (size_t place = 0; place < atoms.size(); place++)
    if (!(facts_[rows_.empty() ? place : rows_[place]] == atoms[place].facts))
      throw nflow::Error("charges or masses of atoms" + of_group +
                         " have changed since the start of the run, which a flow cannot follow: "
                         "leave them as they are");
  if (rows_ != rows_before && atom->molecular != Atom::ATOMIC)
    throw nflow::Error("the types of bonded atoms" + of_group +
                       " have been exchanged, which a flow cannot follow: leave them as they are");
  digest_ = now;
  if (rows_ == rows_before) return false;
  reorder();
  return true;
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
  return atom->mask[i] & groupbit_ ? row_of(atom->tag[i]) : -1;
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

kernels::RowOf GroupPositions::row_of_ids(const tagint *ids, const int32_t *places,
                                          const int32_t *rows) const {
  if (ids_.empty()) return {ids, 0, 0, 0, nullptr, nullptr};
  return {ids,
          size(),
          ids_.front(),
          ids_.back() - ids_.front() + 1,
          places_.empty() ? nullptr : places,
          rows_.empty() ? nullptr : rows};
}

int64_t GroupPositions::row_of(tagint id) const {
  return row_of_ids(ids_.data(), places_.data(), rows_.data())(id);
}

/// The numbers of all ranks, in the order of the ranks.
template <class Number>
std::vector<Number> GroupPositions::gather_ranks(const std::vector<Number> &mine,
                                                 MPI_Datatype type) const {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int r = 1; r < comm->nprocs; r++) starts[r] = starts[r - 1] + counts[r - 1];
  std::vector<Number> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, type, all.data(), counts.data(), starts.data(), type, world);
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
  const auto all = gather_ranks(mine, MPI_LMP_TAGINT);
  for (size_t i = 0; i < all.size(); i += 2) {
    const int64_t first = row_of(all[i]), second = row_of(all[i + 1]);
    if (first >= 0 && second >= 0) bonded_pairs_.emplace_back(first, second);
  }
}
