#ifndef NFLOW_LAMMPS_LOCAL_ATOMS_H
#define NFLOW_LAMMPS_LOCAL_ATOMS_H

#include "arrays/arrays.h"
#include "pointers.h"

namespace LAMMPS_NS {

/// This rank's atoms in LAMMPS's own order: what an evaluation elsewhere changes of them, to
/// buffers in the memory of a platform and back. A Platform makes it.
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
};

} // namespace LAMMPS_NS

#endif
