#ifndef NFLOW_TRAINER_LAMMPS_SYSTEM_H
#define NFLOW_TRAINER_LAMMPS_SYSTEM_H

#include "model/metadata.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

/// A LAMMPS of this rank's own (MPI_COMM_SELF), set up by an ordinary input script without a run:
/// the source of energies and forces, whatever its pair style, bonds or fixes are. No LAMMPS header
/// is needed to use it. Every LAMMPS error becomes an Error with its text.
class LammpsSystem {
 public:
  /// Runs `file`; `variables` are "name=value" index variables, as with -var. Throws Error.
  LammpsSystem(const std::string &file, const std::vector<std::string> &variables);
  ~LammpsSystem();
  LammpsSystem(const LammpsSystem &) = delete;
  LammpsSystem &operator=(const LammpsSystem &) = delete;

  /// Atoms, types in atom-ID order, dimension (which is d below), box and units.
  const System &system() const;
  const std::vector<int64_t> &ids() const; // ascending
  /// Unwrapped positions [n, d] that the atoms have now.
  std::vector<double> positions();

  /// Potential energies and, unless `forces` is null, forces [count, n, d] of configurations x
  /// [count, n, d]. +inf, with zero forces, where an atom cannot be placed.
  void evaluate(int64_t count, const double *x, double *energies, double *forces);

  /// The same with pair energies above `cap` (energy units) continued linearly in the distance
  /// from where they reach it, so that overlaps give finite gradients: for losses only. Falls back
  /// to evaluate() where the pair style cannot tell single pairs (has_pair_law()).
  void evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                           double *forces);

  /// Whether pair_law() works: a pairwise style of a system without bonds.
  bool has_pair_law() const;
  /// Energy and radial force -dV/dr of two atoms of these LAMMPS types at distance r.
  void pair_law(int type_a, int type_b, double r, double &energy, double &force);

  /// The LAMMPS version, for provenance.
  std::string version() const;

 private:
  friend class LammpsSampler;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
