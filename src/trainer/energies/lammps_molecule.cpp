// The molecule that a LAMMPS has: LammpsSystem::molecule().
#include "trainer/energies/lammps_system_impl.h"

#include "atom.h"

#include <algorithm>
#include <set>

namespace nflow::trainer {

namespace {

using LAMMPS_NS::Atom;
using Pair = std::pair<int64_t, int64_t>;

constexpr const char *remedy = ": use atom_style bond, molecular or full, with bonds";

void require_bonds(const Atom *atom) {
  if (atom->molecular == Atom::TEMPLATE)
    throw Error("atom_style template keeps bonds where internal coordinates do not find them" +
                std::string(remedy));
  if (!atom->num_bond)
    throw Error("the LAMMPS input has an atom_style without bonds, of which internal coordinates "
                "are made" +
                std::string(remedy));
}

/// Each bond that is not turned off once, by IDs, the lower one first.
std::set<Pair> bonds_of(const Atom *atom) {
  std::set<Pair> bonds;
  for (int i = 0; i < atom->nlocal; i++)
    for (int m = 0; m < atom->num_bond[i]; m++) {
      const int64_t own = atom->tag[i], other = atom->bond_atom[i][m];
      if (atom->bond_type[i][m] > 0) bonds.insert(std::minmax(own, other));
    }
  return bonds;
}

/// The place of an ID, or -1.
int64_t place_of(const std::vector<int64_t> &ids, int64_t id) {
  const auto found = std::lower_bound(ids.begin(), ids.end(), id);
  return found == ids.end() || *found != id ? -1 : found - ids.begin();
}

} // namespace

Molecule LammpsSystem::molecule(const std::vector<int64_t> &ids) const {
  const auto atom = impl_->session.lammps()->atom;
  require_bonds(atom);
  Molecule molecule;
  molecule.ids = ids;
  molecule.types.resize(ids.size());
  molecule.masses.resize(ids.size());
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t place = place_of(ids, atom->tag[i]);
    if (place < 0) continue;
    molecule.types[place] = atom->type[i];
    molecule.masses[place] = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
  }
  const auto missing = std::find(molecule.types.begin(), molecule.types.end(), 0);
  if (missing != molecule.types.end())
    throw Error("the LAMMPS system has no atom " +
                std::to_string(ids[missing - molecule.types.begin()]) +
                ": give samples of this system");
  for (const auto &[a, b] : bonds_of(atom)) {
    const int64_t first = place_of(ids, a), second = place_of(ids, b);
    if (first >= 0 && second >= 0) molecule.bonds.emplace_back(first, second);
    if ((first >= 0) != (second >= 0))
      throw Error("the bond of atoms " + std::to_string(a) + " and " + std::to_string(b) +
                  " has one atom in the group and one outside: choose a group that is a whole "
                  "molecule");
  }
  return molecule;
}

} // namespace nflow::trainer
