#ifndef NFLOW_ARCHITECTURES_MOLECULE_TREE_H
#define NFLOW_ARCHITECTURES_MOLECULE_TREE_H

#include <cstdint>
#include <utility>
#include <vector>

namespace nflow {

/// Atoms and the bonds among them.
struct Molecule {
  std::vector<int64_t> ids;                       // as LAMMPS's users know them
  std::vector<int> types;                         // LAMMPS types
  std::vector<double> masses;                     // not needed for a tree
  std::vector<std::pair<int64_t, int64_t>> bonds; // places in ids, each bond once
  int64_t size() const { return static_cast<int64_t>(ids.size()); }
};

/// What the third coordinate of an atom is.
enum class TorsionKind {
  frame,    // position or orientation of the molecule, of the first three atoms
  free,     // the torsion of a bond that can be rotated
  relative, // to an atom whose torsion about the same bond is free, or to the frame
};

/// Where an atom is placed (docs/flows.md, "Internal coordinates"): places in Molecule::ids.
struct TreeRow {
  int64_t atom;
  int64_t bond = -1, angle = -1, torsion = -1; // references, -1: none
  TorsionKind kind = TorsionKind::frame;
  int symmetry = 1; // of a free torsion: 3 of a rotor with three equal leaves
  std::pair<int64_t, int64_t> axis{-1, -1}; // of a free torsion: the bond that it turns
};

/// The atoms of a molecule in an order in which each has its references before it, from the middle
/// outwards. Each bond whose both ends have other neighbours has one free torsion, of the
/// neighbours that carry the most atoms: backbone dihedrals are among them. Throws Error for fewer
/// than three atoms, rings, and what bonds do not connect.
std::vector<TreeRow> molecule_tree(const Molecule &molecule);

/// The rows [n, 4] that the operators take.
std::vector<int64_t> tree_numbers(const std::vector<TreeRow> &tree);

/// Throws Error where an angle of the tree is within 2 degrees of 180 or 0 in one of the
/// configurations x [count, n, 3]: torsions about it are not defined.
void require_bent_angles(const std::vector<TreeRow> &tree, const Molecule &molecule, int64_t count,
                         const double *x);

} // namespace nflow

#endif
