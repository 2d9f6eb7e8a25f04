#ifndef LMP_FIX_NFLOW_LISTS_H
#define LMP_FIX_NFLOW_LISTS_H

#include "fix.h"
#include "lammps/atoms_platform.h"
#include "lammps/local_atoms.h"

#include <memory>

namespace LAMMPS_NS {

/// fix ID all NFLOW/LISTS: made by styles that evaluate energies elsewhere in the middle of a run.
/// Remembers where this rank's atoms were, and in which order, when the neighbor lists were built:
/// only from there can the same lists be built again.
class FixNflowLists : public Fix {
 public:
  FixNflowLists(class LAMMPS *, int, char **, Platform &platform = host_platform());
  int setmask() override;
  void setup_post_neighbor() override;
  void post_neighbor() override;
  double memory_usage() override;

  /// The IDs of the atoms in their order then, and their positions [n, 3], in the memory of the
  /// platform.
  const nflow::Buffer<tagint> &ids() const { return ids_; }
  const nflow::Buffer<double> &x() const { return x_; }

 private:
  std::unique_ptr<LocalAtoms> atoms_;
  nflow::Buffer<tagint> ids_;
  nflow::Buffer<double> x_;
};

} // namespace LAMMPS_NS

#endif
