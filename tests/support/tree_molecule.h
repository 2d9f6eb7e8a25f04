#ifndef NFLOW_TESTS_TREE_MOLECULE_H
#define NFLOW_TESTS_TREE_MOLECULE_H

#include "architectures/molecule_tree.h"

#include <functional>
#include <string>
#include <vector>

namespace nflow::tests {

/// Force constants as LAMMPS's styles have them: K (r - r0)^2, K (theta - theta0)^2 and OPLS
/// torsions; siblings are held by K (phi - phi0)^2 at 120 degrees from each other.
struct TreeForces {
  double bond = 100.0, length = 1.5, angle = 60.0, rest = 1.98, sibling = 30.0;
  double opls[3] = {1.4, -0.3, 3.1};
};

/// A molecule with an energy for each bond, angle and torsion of its tree, and no other: its
/// internal coordinates are independent, of densities known to quadrature, r^2 and sin theta
/// included.
class TreeMolecule {
 public:
  TreeMolecule(Molecule molecule, TreeForces forces = {});

  const Molecule &molecule() const { return molecule_; }
  const std::vector<TreeRow> &tree() const { return tree_; }
  int64_t size() const { return 3 * static_cast<int64_t>(tree_.size()); }

  /// Independent configurations [count, n, 3] at k_B T, each at a place of its own.
  std::vector<double> samples(int64_t count, double kT, uint32_t seed) const;
  /// The internal coordinates [n, 3] of a configuration, in the order of the tree.
  std::vector<double> internal(const double *x) const;
  double energy(const double *x) const;
  /// ln of the density of configurations [.., n, 3] at k_B T, given where each is and how it is
  /// turned.
  std::vector<double> log_densities(const std::vector<double> &x, double kT) const;
  /// The average of a function of one internal coordinate, 3 row + component.
  double average(int64_t place, double kT, const std::function<double(double)> &value) const;
  double mean_energy(double kT) const;
  /// ln of the configuration integral, place and orientation left out.
  double log_integral(double kT) const;

  /// Whether a coordinate is one of the six of place and orientation.
  static bool carried(int64_t place) { return place < 3 || place == 4 || place == 5 || place == 8; }

 private:
  double potential(int64_t place, double value) const;
  /// Middles of the cells of a coordinate, and exp(-potential / kT) there times the volume.
  struct Density {
    std::vector<double> at, weight;
    double sum = 0.0, width = 0.0;
  };
  Density density(int64_t place, double kT) const;

  Molecule molecule_;
  TreeForces forces_;
  std::vector<TreeRow> tree_;
  std::vector<int64_t> rows_;
  std::vector<double> rest_torsion_; // of siblings
};

/// Atoms with these LAMMPS types, IDs from 1, and bonds by IDs.
Molecule molecule_of(std::vector<int> types, const std::vector<std::pair<int64_t, int64_t>> &bonds);
/// Four united atoms in a row.
Molecule united_butane();
/// A carbon with a hydrogen, a halogen and a methyl of three hydrogens, chiral by an ethyl.
Molecule chiral_molecule();

/// Writes the flow of an architecture in internal coordinates that learned from samples [.., n, 3]
/// at this temperature, in closed form; with `spoil` > 0 its couplings do anything: gaussian
/// numbers of that size are added to all their weights.
void write_internal_flow(const std::string &path, const std::string &architecture,
                         const Molecule &molecule, const std::vector<double> &samples,
                         const std::string &units, double temperature, double spoil = 0.0);

} // namespace nflow::tests

#endif
