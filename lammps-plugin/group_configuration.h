#ifndef NFLOW_GROUP_CONFIGURATION_H
#define NFLOW_GROUP_CONFIGURATION_H

#include "model/metadata.h"
#include "pointers.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace LAMMPS_NS {

/// A dense float64 tensor [rows, columns] that somebody else owns. `on_device` says where `data`
/// points to, so that a Kokkos implementation can hand out device memory later; this one only knows
/// the host.
struct TensorView {
  double *data = nullptr;
  int64_t rows = 0;
  int64_t columns = 0;
  bool on_device = false;
};

/// The positions of all atoms of a group, in ascending atom-ID order and on every rank of the
/// partition: read them, replace them by others anywhere in the box, evaluate the energy there, and
/// go back. The leading `dim` components are handled, the others stay. Every function that is not
/// const is collective.
class GroupConfiguration : protected Pointers {
 public:
  /// `dim` leading components. `modulo_box`: positions have a meaning only modulo the periodic box,
  /// so that image flags may be dropped where they would overflow.
  GroupConfiguration(LAMMPS *lmp, int igroup, int dim, bool modulo_box);
  ~GroupConfiguration() override;

  /// Collects the atom IDs and types of the group; to be called in init(). Throws nflow::Error for
  /// what cannot be handled: a triclinic box, atoms without IDs.
  void init();
  /// What the simulation has, to be compared with a model's metadata.
  nflow::System system() const;
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }
  /// The atom IDs of the group, ascending.
  const std::vector<tagint> &ids() const { return ids_; }
  /// The place of local atom i in the tensors, or -1 if it is not one of the group.
  int64_t ordinal(int i) const;

  /// Unwrapped positions into x [n, dim]. Remembers the configuration for restore(). Throws
  /// nflow::Error if the group has lost or won atoms since init().
  void read(TensorView x);
  /// Puts the atoms at the unwrapped positions x [n, dim], wraps them into the box and sets the
  /// image flags. False, with nothing changed, if a position is outside a fixed box or not a usable
  /// number, or if atoms of one bond, angle, dihedral or improper are farther apart than ghost
  /// atoms reach, for which LAMMPS would stop.
  bool replace(TensorView x);
  /// Back to the configuration of the last read(), to the last bit.
  void restore();
  /// Wrapped positions [n, dim] and image counts [n, dim] of the last read().
  const std::vector<double> &state() const { return saved_; }
  /// Puts the atoms where a state() has them, perhaps one of another partition, to the last bit.
  void place(const double *state);
  /// The rows of a per-atom array of LAMMPS (atom->v, atom->f) into values [n, columns], on every
  /// rank, and back.
  void gather(double **array, int columns, double *values) const;
  void scatter(const double *values, int columns, double **array) const;
  /// Sends the atoms to the ranks that own their positions, as LAMMPS expects it after a
  /// pre_exchange().
  void migrate();
  /// The potential energy of the whole system (compute thermo_pe, so with all `fix_modify energy
  /// yes`) at the present positions, after the re-neighbouring that atoms moved anywhere need. The
  /// same on every rank. Leaves forces in atom->f, complete only `with_forces` (which costs a
  /// communication); with `tally` also the virial and what else this step's output needs, so that
  /// it fits the new positions.
  double energy(bool with_forces = false, bool tally = false);
  /// Energy and virial flags of a force computation that gives all that this step's output needs.
  int energy_flags() const;
  int virial_flags() const;
  /// The potential energy of the present step as the force computation left it, if it was asked to
  /// by tally_energy_at() before that step.
  double tallied_energy();
  void tally_energy_at(bigint step);
  /// Whether fixes other than those in energy() add to the forces (thermostats).
  bool has_other_forces() const { return other_forces_; }
  /// The force computation of energy() alone, at the present positions and with the present
  /// neighbor lists. The flags are those of Pair::compute().
  void compute_forces(bool with_forces, int eflag, int vflag);
  /// The forces of the last energy(true) on the atoms of the group into f [n, dim].
  void forces(TensorView f);

  /// Velocity Verlet calls pre_exchange() between its two half-kicks, when velocities are half a
  /// step behind and correlated with the forces. kick(+1) completes the step with the forces of the
  /// present configuration, kick(-1) takes half a step back from them. For all atoms that a fix
  /// integrates; needs energy(true) before.
  void kick(double sign);
  /// Whether any fix integrates atoms.
  bool has_dynamics() const;

 private:
  int64_t place_of(tagint id) const;
  std::vector<tagint> gather(const std::vector<tagint> &mine) const;
  void place(); // wrapped_ and images_ into the atoms
  void forget_computes();
  void find_forcing_fixes();
  void find_bonded_pairs();
  bool bonded_within_reach() const;

  int igroup_, groupbit_, dim_;
  bool modulo_box_;
  std::vector<tagint> ids_;  // ascending
  std::vector<int> types_;   // in that order
  bool consecutive_ = false; // the IDs are first, first + 1, ...
  std::vector<double>
      saved_; // [n, dim] wrapped positions and [n, dim] image counts of the last read()
  std::vector<double> local_; // the same, of this rank's atoms only
  std::vector<double> wrapped_;
  std::vector<int> images_;
  std::unique_ptr<class Irregular> irregular_;
  class Compute *potential_ = nullptr; // thermo_pe
  std::vector<class Fix *> forcing_fixes_;
  bool other_forces_ = false;
  // Places of atoms of the group that share a bond, angle, dihedral or improper.
  std::vector<std::pair<int64_t, int64_t>> bonded_pairs_;
};

} // namespace LAMMPS_NS

#endif
