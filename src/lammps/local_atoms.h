#ifndef NFLOW_LAMMPS_LOCAL_ATOMS_H
#define NFLOW_LAMMPS_LOCAL_ATOMS_H

#include "arrays/arrays.h"
#include "lammps/compat.h"
#include "pointers.h"

#include <functional>

namespace LAMMPS_NS {

/// This rank's atoms in LAMMPS's own order, wherever they are kept: what an evaluation elsewhere
/// changes of them, to buffers in the memory of a platform and back, and what an evaluation does to
/// them. A Platform makes it.
class LocalAtoms : protected Pointers {
 public:
  template <class T>
  using Buffer = nflow::Buffer<T>;

  explicit LocalAtoms(LAMMPS *lmp) : Pointers(lmp) {}

  // Wrapped positions and forces [nlocal, 3], IDs and image flags [nlocal].
  virtual void read_positions(Buffer<double> &x) = 0;
  virtual void read_forces(Buffer<double> &f) = 0;
  virtual void read_ids(Buffer<tagint> &ids) = 0;
  virtual void read_images(Buffer<imageint> &images) = 0;
  virtual void write_positions(const Buffer<double> &x) = 0;
  virtual void write_forces(const Buffer<double> &f) = 0;
  virtual void write_images(const Buffer<imageint> &images) = 0;

  /// Before the host's atoms are read or changed, and after they were changed.
  virtual void to_host() = 0;
  virtual void changed_on_host() = 0;
  virtual void before_forward_comm() = 0;
  virtual void before_reverse_comm() = 0;
  /// Before something in LAMMPS reads and changes these fields of the atoms in its own memory.
  virtual void use(ExecutionSpace space, compat::DataMask read, compat::DataMask modified) = 0;
  /// Does work(), which calls the fix, with the atoms in the memory that it works on.
  virtual void call(class Fix *fix, const std::function<void()> &work) = 0;

  /// Sends each atom to the rank that owns its position, however far that is.
  virtual void migrate(class Irregular &irregular) = 0;
  /// Of the ghost atoms, too.
  virtual void clear_forces() = 0;
  /// v += half_step f / m of the atoms in any of the groups, given as bits.
  virtual void half_kick(int groups, double half_step) = 0;
};

} // namespace LAMMPS_NS

#endif
