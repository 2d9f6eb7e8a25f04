#ifndef NFLOW_TRAINER_ENERGIES_LAMMPS_SYSTEM_H
#define NFLOW_TRAINER_ENERGIES_LAMMPS_SYSTEM_H

#include "architectures/molecule_tree.h"
#include "trainer/energies/energy_source.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

/// A LAMMPS of this rank's own (MPI_COMM_SELF), set up by an ordinary input script without a run:
/// the source of energies and forces, whatever its pair style, bonds or fixes are. No LAMMPS header
/// is needed to use it. Every LAMMPS error becomes an Error with its text.
class LammpsSystem : public EnergySource {
 public:
  /// Runs `file`; `variables` are "name=value" index variables, as with -var. Throws Error.
  LammpsSystem(const std::string &file, const std::vector<std::string> &variables);
  ~LammpsSystem() override;
  LammpsSystem(const LammpsSystem &) = delete;
  LammpsSystem &operator=(const LammpsSystem &) = delete;

  const System &system() const override;
  const std::vector<int64_t> &ids() const override;
  /// Unwrapped positions [n, d] that the atoms have now.
  std::vector<double> positions();
  /// Bonds (each once), types and masses of the atoms of these IDs, ascending. What holds atoms by
  /// constraints was refused before. Throws Error where there are no bonds to be had, where a bond
  /// leads to another atom, and where there is no atom of an ID.
  Molecule molecule(const std::vector<int64_t> &ids) const override;

  void evaluate(int64_t count, const double *x, double *energies, double *forces) override;
  /// Falls back to evaluate() where the pair style cannot tell single pairs (has_pair_law()).
  void evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                           double *forces) override;

  /// True of a pairwise style of a system without bonds.
  bool has_pair_law() const override;
  void pair_law(int type_a, int type_b, double r, double &energy, double &force) override;

  /// The LAMMPS version, for provenance.
  std::string version() const;
  std::string name() const override { return "the LAMMPS system"; }
  std::pair<std::string, std::string> provenance() const override { return {"lammps", version()}; }

 private:
  friend class LammpsSampler;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
