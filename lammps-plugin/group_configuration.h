#ifndef NFLOW_GROUP_CONFIGURATION_H
#define NFLOW_GROUP_CONFIGURATION_H

#include "mcmc/arrays.h"
#include "model/metadata.h"
#include "pointers.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

namespace kernels {
struct PlaceOf;
}

/// The positions of all atoms of a group, in ascending atom-ID order and on every rank of the
/// partition: read them, replace them by others anywhere in the box, evaluate the energy there, and
/// go back. The leading `dim` components are handled, the others stay. All addresses of numbers are
/// in the memory of arrays(). Every function that is not const is collective. A Platform makes it.
class GroupConfiguration : protected Pointers {
 public:
  /// Per-atom arrays of LAMMPS.
  enum class Field { velocity, force };

  ~GroupConfiguration() override;
  nflow::mcmc::Arrays &arrays() const { return arrays_; }

  /// Collects the atom IDs and types of the group; to be called in init(). Throws nflow::Error for
  /// what cannot be handled: a triclinic box, atoms without IDs.
  virtual void init();
  /// What the simulation has, to be compared with a model's metadata.
  nflow::System system() const;
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }
  /// The atom IDs of the group, ascending.
  const std::vector<tagint> &ids() const { return ids_; }
  /// The place of local atom i of the host's atoms in the tensors, or -1 if it is not one of the
  /// group.
  int64_t ordinal(int i) const;

  /// Unwrapped positions into x [n, dim]. Remembers the configuration for restore(). Throws
  /// nflow::Error if the group has lost or won atoms since init().
  virtual void read(double *x) = 0;
  /// Puts the atoms at the unwrapped positions x [n, dim], wraps them into the box and sets the
  /// image flags. False, with nothing changed, if a position is outside a fixed box or not a usable
  /// number, or if atoms of one bond, angle, dihedral or improper are farther apart than ghost
  /// atoms reach, for which LAMMPS would stop.
  virtual bool replace(const double *x) = 0;
  /// Back to the configuration of the last read(), to the last bit.
  void restore() { place(saved_.data()); }
  /// Wrapped positions and image counts of the last read(), [n, 2, dim].
  const double *state() const { return saved_.data(); }
  int64_t state_size() const { return 2 * size() * dim_; }
  /// Puts the atoms where a state() has them, perhaps one of another partition, to the last bit.
  virtual void place(const double *state) = 0;
  /// The rows of a per-atom array into values [n, columns], on every rank, and back.
  virtual void gather(Field field, int columns, double *values) = 0;
  virtual void scatter(Field field, const double *values, int columns) = 0;
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
  void forces(double *f) { gather(Field::force, dim_, f); }

  /// Velocity Verlet calls pre_exchange() between its two half-kicks, when velocities are half a
  /// step behind and correlated with the forces. kick(+1) completes the step with the forces of the
  /// present configuration, kick(-1) takes half a step back from them. For all atoms that a fix
  /// integrates; needs energy(true) before.
  virtual void kick(double sign) = 0;
  /// Whether any fix integrates atoms.
  bool has_dynamics() const;

 protected:
  GroupConfiguration(LAMMPS *lmp, int igroup, int dim, bool modulo_box,
                     nflow::mcmc::Arrays &arrays);

  // What depends on where the atoms are.
  /// Before the host reads or changes any of its atoms.
  virtual void to_host() {}
  virtual void irregular_migrate() = 0;
  virtual void clear_forces() = 0;
  virtual void post_force(class Fix *fix, int vflag) = 0;

  /// What finds places by IDs, of copies of ids_ and places_ in some memory.
  kernels::PlaceOf place_of_ids(const tagint *ids, const int32_t *places) const;
  /// The groups of the atoms that have a half-step velocity, as bits.
  int integrated_groups() const;
  /// Sums the numbers of all ranks, each of which is zero on all ranks but one.
  void sum_over_ranks(double *values, int64_t count) const;
  [[noreturn]] void stop_for_changed_group() const;

  nflow::mcmc::Arrays &arrays_;
  int igroup_, groupbit_, dim_;
  bool modulo_box_;
  std::vector<tagint> ids_;           // ascending
  std::vector<int32_t> places_;       // by ID, from the first on; empty: not needed, or too many
  nflow::mcmc::Buffer<double> saved_; // the state of the last read(), and a number of atoms
  std::unique_ptr<class Irregular> irregular_;
  // Places of atoms of the group that share a bond, angle, dihedral or improper.
  std::vector<std::pair<int64_t, int64_t>> bonded_pairs_;

 private:
  int64_t place_of(tagint id) const;
  void tabulate_places();
  std::vector<tagint> gather_ids(const std::vector<tagint> &mine) const;
  void forget_computes();
  void find_forcing_fixes();
  void find_bonded_pairs();

  std::vector<int> types_;             // in the order of the IDs
  class Compute *potential_ = nullptr; // thermo_pe
  std::vector<class Fix *> forcing_fixes_;
  bool other_forces_ = false;
  mutable std::vector<double> host_scratch_; // where MPI cannot read the memory
};

} // namespace LAMMPS_NS

#endif
