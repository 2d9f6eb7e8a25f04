#ifndef NFLOW_TRAINER_ENERGIES_LAMMPS_SYSTEM_IMPL_H
#define NFLOW_TRAINER_ENERGIES_LAMMPS_SYSTEM_IMPL_H

// Internal to this folder: needs LAMMPS headers.

#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "trainer/energies/lammps_session.h"
#include "trainer/energies/lammps_system.h"
#include "trainer/energies/pair_law.h"

namespace nflow::trainer {

struct LammpsSystem::Impl {
  Impl(const std::string &file, const std::vector<std::string> &variables);

  /// Sets LAMMPS up for evaluations, as `run 0` does; after anything that adds or removes fixes.
  void prepare();
  /// The script's own skin, which dynamics need.
  void use_input_skin();
  /// Puts the atoms at x and computes: false where they cannot be there. The energy may be
  /// infinite or NaN.
  bool compute(const double *x, double &energy, bool with_forces);
  /// Energy and forces [n, d] (or null) of the last compute(); false, with +inf and zero forces,
  /// if they are not finite.
  bool take(double &energy, double *forces);
  /// As LammpsSystem::evaluate_linearised(), of one configuration.
  void evaluate_linearised(const double *x, double &energy, double *forces);
  int64_t numbers() const { return system.n_atoms * system.dim; }

  LammpsSession session;
  std::unique_ptr<LAMMPS_NS::GroupPositions> positions;
  LAMMPS_NS::PotentialEnergy potential;
  System system;
  std::vector<int64_t> ids;
  double input_skin = 0.0;
  std::unique_ptr<PairLaw> pairs; // null: the pair style cannot tell single pairs
};

} // namespace nflow::trainer

#endif
