#ifndef NFLOW_LAMMPS_GROUP_POSITIONS_H
#define NFLOW_LAMMPS_GROUP_POSITIONS_H

#include "arrays/arrays.h"
#include "model/metadata.h"
#include "pointers.h"

#include <cstdint>
#include <mpi.h>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

namespace kernels {
struct RowOf;
}

/// The positions of all atoms of a group, in ascending atom-ID order (or as order_by() says) and on
/// every rank of the partition: read them, replace them by others anywhere in the box, and go back.
/// The leading `dim` components are handled, the others stay. All addresses of numbers are in the
/// memory of arrays(). Every function that is not const is collective. A Platform makes it.
class GroupPositions : protected Pointers {
 public:
  /// Per-atom arrays of LAMMPS.
  enum class Field { velocity, force };

  ~GroupPositions() override;
  nflow::Arrays &arrays() const { return arrays_; }

  /// Collects the atom IDs and types of the group; to be called in init(). Throws nflow::Error for
  /// what cannot be handled: a triclinic box, atoms without IDs.
  virtual void init();
  /// From now on row k is an atom of type types[k]; atoms of one type come in the order of their
  /// IDs. False, with nothing changed, where the group has not as many atoms of each type.
  bool order_by(const std::vector<int> &types);
  /// To be called before read() where something else may have changed the atoms since init():
  /// follows an exchange of types, which leaves each row an atom of its type. Returns whether there
  /// was one. Throws nflow::Error where anything else changed that a flow assumes: the atoms of the
  /// group, their numbers of each type, their charges or masses, the box.
  bool follow();
  /// What the simulation has, to be compared with a model's metadata.
  nflow::System system() const;
  int64_t size() const { return static_cast<int64_t>(ids_.size()); }
  int dim() const { return dim_; }
  /// The atom IDs of the group, row by row.
  const std::vector<tagint> &ids() const { return row_ids_; }
  /// The row of an atom of that ID, or -1 if it is not one of the group.
  int64_t row_of(tagint id) const;
  /// The row of local atom i of the host's atoms in the tensors, or -1 if it is not one of the
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
  /// What replace() would say; changes nothing.
  virtual bool allows(const double *x) = 0;
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

  /// After the order of the rows has changed.
  virtual void reorder() = 0;
  /// What finds rows by IDs, of copies of ids_, places_ and rows_ in some memory.
  kernels::RowOf row_of_ids(const tagint *ids, const int32_t *places, const int32_t *rows) const;
  /// Sums the numbers of all ranks, each of which is zero on all ranks but one.
  void sum_over_ranks(double *values, int64_t count) const;
  [[noreturn]] void stop_for_changed_group() const;

  nflow::Arrays &arrays_;
  int igroup_, groupbit_, dim_;
  bool modulo_box_;
  std::vector<tagint> ids_;     // ascending
  std::vector<int32_t> places_; // by ID, from the first on; empty: not needed, or too many
  std::vector<int32_t> rows_;   // by place among the IDs; empty: the same
  nflow::Buffer<double> saved_; // the state of the last read(), and a number of atoms
  // Rows of atoms of the group that share a bond, angle, dihedral or improper.
  std::vector<std::pair<int64_t, int64_t>> bonded_pairs_;

 private:
  /// What a flow assumes of an atom, besides its type.
  struct Facts {
    double charge, mass;
    bool operator==(const Facts &other) const {
      return charge == other.charge && mass == other.mass;
    }
  };
  struct AtomOfGroup {
    tagint id;
    int type;
    Facts facts;
  };

  void tabulate_places();
  template <class Number>
  std::vector<Number> gather_ranks(const std::vector<Number> &mine, MPI_Datatype type) const;
  std::vector<AtomOfGroup> collect_atoms();
  static std::vector<int> types_of(const std::vector<AtomOfGroup> &atoms);
  Facts facts_of(int i) const;
  std::vector<double> box() const;
  uint64_t digest();
  bool arrange(const std::vector<int> &by_id, const std::vector<int> &wanted);
  void find_bonded_pairs();

  std::vector<tagint> row_ids_;
  std::vector<int> types_;                   // row by row, at all times
  std::vector<Facts> facts_;                 // the same
  std::vector<double> box_;                  // that of init()
  uint64_t digest_ = 0;                      // of all of that
  bool charges_vary_ = false;                // as they are meant to
  mutable std::vector<double> host_scratch_; // where MPI cannot read the memory
};

} // namespace LAMMPS_NS

#endif
