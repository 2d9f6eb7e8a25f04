#ifndef NFLOW_TRAINER_ENERGIES_ENERGY_SOURCE_H
#define NFLOW_TRAINER_ENERGIES_ENERGY_SOURCE_H

#include "architectures/molecule_tree.h"
#include "base/error.h"
#include "model/metadata.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace nflow::trainer {

/// Where a flow between temperatures has its energies from: a LAMMPS in this process, or an energy
/// file.
class EnergySource {
 public:
  virtual ~EnergySource() = default;

  /// Atoms, types in atom-ID order (empty: any), dimension (which is d below), box and units.
  virtual const System &system() const = 0;
  /// Ascending; empty: any.
  virtual const std::vector<int64_t> &ids() const = 0;

  /// Potential energies and, unless `forces` is null, forces [count, n, d] of configurations x
  /// [count, n, d]. +inf, with zero forces, where an atom cannot be placed.
  virtual void evaluate(int64_t count, const double *x, double *energies, double *forces) = 0;
  /// The same with pair energies above `cap` (energy units) continued linearly in the distance
  /// from where they reach it, so that overlaps give finite gradients: for losses only. Falls back
  /// to evaluate() where single pairs are not known.
  virtual void evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                                   double *forces) = 0;

  /// Whether pair_law() works.
  virtual bool has_pair_law() const { return false; }
  /// Energy and radial force -dV/dr of two atoms of these LAMMPS types at distance r.
  virtual void pair_law(int /*type_a*/, int /*type_b*/, double /*r*/, double & /*energy*/,
                        double & /*force*/) {
    throw std::logic_error("this source of energies does not know pairs");
  }

  /// Bonds, types and masses of the atoms of these IDs, ascending. Throws Error where there are
  /// none to be had, and where a bond leads to another atom.
  virtual Molecule molecule(const std::vector<int64_t> & /*ids*/) const {
    throw Error("internal coordinates need bonds, which " + name() +
                " does not know: give the system with --lammps");
  }

  /// For sentences: "the LAMMPS system", or the energy file by its name.
  virtual std::string name() const = 0;
  /// Key and value for the provenance of a model.
  virtual std::pair<std::string, std::string> provenance() const = 0;
};

} // namespace nflow::trainer

#endif
