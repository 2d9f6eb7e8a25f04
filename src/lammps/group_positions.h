#ifndef NFLOW_LAMMPS_GROUP_POSITIONS_H
#define NFLOW_LAMMPS_GROUP_POSITIONS_H

#include "arrays/arrays.h"
#include "model/metadata.h"
#include "pointers.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

namespace kernels {
struct PlaceOf;
}

/// The positions of all atoms of a group, in ascending atom-ID order and on every rank of the
/// partition: read them, replace them by others anywhere in the box, and go back. The leading `dim`
/// components are handled, the others stay. All addresses of numbers are in the memory of arrays().
/// Every function that is not const is collective. A Platform makes it.
class GroupPositions : protected Pointers {
 public:
  /// Per-atom arrays of LAMMPS.
  enum class Field { velocity, force };

  ~GroupPositions() override;
  nflow::Arrays &arrays() const { return arrays_; }

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
  /// Unwrapped positions x [n, dim] of a state(), perhaps one of another partition.
  virtual void unwrap(const double *state, double *x) const = 0;
  /// Puts the atoms where a state() has them, perhaps one of another partition, to the last bit.
  virtual void place(const double *state) = 0;
  /// The rows of a per-atom array into values [n, columns], on every rank, and back.
  virtual void gather(Field field, int columns, double *values) = 0;
  virtual void scatter(Field field, const double *values, int columns) = 0;
  /// Adds factor values [n, dim] to the forces.
  virtual void add_forces(double factor, const double *values) = 0;
  /// Numbers [nlocal, dim] in LAMMPS's order, of this rank, into values [n, dim], on every rank.
  /// Throws as read() does; all atoms must be of the group.
  virtual void collect(const double *rows, double *values) = 0;
  /// Puts the atoms at x [n, dim] inside the box; leaves their image flags.
  virtual void place_wrapped(const double *x) = 0;
  /// What forces -gradient [n, dim] at the unwrapped positions x add to the virial of this rank: to
  /// the six sums (on the host), and as rows [nlocal, 6] in LAMMPS's order.
  virtual void virial(const double *x, const double *gradient, double *sums) = 0;
  virtual void atom_virials(const double *x, const double *gradient,
                            nflow::Buffer<double> &rows) = 0;
  /// The forces that the atoms have into f [n, dim].
  void forces(double *f) { gather(Field::force, dim_, f); }

 protected:
  GroupPositions(LAMMPS *lmp, int igroup, int dim, bool modulo_box, nflow::Arrays &arrays);

  /// Before the host reads its atoms.
  virtual void to_host() = 0;

  /// What finds places by IDs, of copies of ids_ and places_ in some memory.
  kernels::PlaceOf place_of_ids(const tagint *ids, const int32_t *places) const;
  /// Sums the numbers of all ranks, each of which is zero on all ranks but one.
  void sum_over_ranks(double *values, int64_t count) const;
  [[noreturn]] void stop_for_changed_group() const;

  nflow::Arrays &arrays_;
  int igroup_, groupbit_, dim_;
  bool modulo_box_;
  std::vector<tagint> ids_;     // ascending
  std::vector<int32_t> places_; // by ID, from the first on; empty: not needed, or too many
  nflow::Buffer<double> saved_; // the state of the last read(), and a number of atoms
  // Places of atoms of the group that share a bond, angle, dihedral or improper.
  std::vector<std::pair<int64_t, int64_t>> bonded_pairs_;

 private:
  int64_t place_of(tagint id) const;
  void tabulate_places();
  std::vector<tagint> gather_ids(const std::vector<tagint> &mine) const;
  void find_bonded_pairs();

  std::vector<int> types_;                   // in the order of the IDs
  mutable std::vector<double> host_scratch_; // where MPI cannot read the memory
};

} // namespace LAMMPS_NS

#endif
