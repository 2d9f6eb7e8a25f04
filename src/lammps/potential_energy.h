#ifndef NFLOW_LAMMPS_POTENTIAL_ENERGY_H
#define NFLOW_LAMMPS_POTENTIAL_ENERGY_H

#include "lammps/atoms_platform.h"
#include "lammps/local_atoms.h"

#include "pointers.h"

#include <functional>
#include <memory>
#include <vector>

namespace LAMMPS_NS {

class EnergyOnly;

/// The potential energy of the whole system, and the forces, wherever its atoms have been put in
/// the middle of a run. Every function that is not const is collective in the partition.
class PotentialEnergy : protected Pointers {
 public:
  PotentialEnergy(LAMMPS *lmp, Platform &platform);
  ~PotentialEnergy() override;

  /// Finds what belongs to an evaluation; to be called in init(). Throws nflow::Error where a fix
  /// integrates otherwise than kick() knows.
  void init();
  /// Sends the atoms to the ranks that own their positions, as LAMMPS expects it after a
  /// pre_exchange().
  void migrate();
  /// The potential energy (compute thermo_pe, so with all `fix_modify energy
  /// yes`) at the present positions, after the re-neighbouring that atoms moved anywhere need. The
  /// same on every rank. Leaves forces in atom->f `with_forces` (which costs a communication);
  /// otherwise pair styles may have left them out. With `tally` also the virial and what else this
  /// step's output needs, so that it fits the new positions.
  double evaluate(bool with_forces = false, bool tally = false);
  /// The same of a configuration that may be impossible: infinite where LAMMPS stops for it (an
  /// atom inside a wall, beyond a table), if there is one rank, and LAMMPS throws its errors; with
  /// several ranks it stops with a sentence that says so.
  /// `nearby`: with the neighbor lists of the last evaluation, if it was the last use of the atoms
  /// and none has moved by half the skin since.
  double evaluate_proposal(bool with_forces = false, bool tally = false, bool nearby = false);
  /// The same at the present positions and with the present neighbor lists, which are those of an
  /// earlier step.
  double evaluate_with_present_lists(bool with_forces, bool tally);
  /// Where all energy is that of one fix and a function of these positions alone, that fix; else
  /// null.
  EnergyOnly *only_of(const class GroupPositions &positions) const;
  /// The potential energy of the present step as the force computation left it, if it was asked to
  /// by tally_at() before that step.
  double tallied();
  void tally_at(bigint step);
  /// Whether fixes other than those of an evaluation add to the forces (thermostats).
  bool has_other_forces() const { return other_forces_; }
  /// Does work(), which calls the fix, with the atoms in the memory that it works on.
  void call(class Fix *fix, const std::function<void()> &work) { atoms_->call(fix, work); }

  /// Velocity Verlet calls pre_exchange() between its two half-kicks, when velocities are half a
  /// step behind and correlated with the forces. kick(+1) completes the step with the forces of the
  /// present configuration, kick(-1) takes half a step back from them. For all atoms that a fix
  /// integrates; needs evaluate(true) before.
  void kick(double sign);
  /// Whether any fix integrates atoms.
  bool has_dynamics() const;

 private:
  bool lists_hold() const;
  bool is_of_positions_alone() const;
  void forget_computes();
  template <class Style>
  void compute(Style *style, int eflag, int vflag);
  void compute_forces(bool with_forces, bool energy_only, int eflag, int vflag);
  int energy_flags() const;
  int virial_flags() const;
  void find_forcing_fixes();
  int integrated_groups() const;

  std::unique_ptr<LocalAtoms> atoms_;
  bool lists_present_ = false; // those of the atoms as they are on this rank
  std::unique_ptr<class Irregular> irregular_;
  class Compute *potential_ = nullptr; // thermo_pe
  struct ForcingFix {
    class Fix *fix;
    EnergyOnly *without_forces; // or null
  };
  std::vector<ForcingFix> forcing_fixes_;
  bool other_forces_ = false;
};

} // namespace LAMMPS_NS

#endif
