#ifndef NFLOW_LAMMPS_ATOMS_PLATFORM_H
#define NFLOW_LAMMPS_ATOMS_PLATFORM_H

#include "arrays/arrays.h"
#include "pointers.h"

#include <memory>
#include <string>

namespace LAMMPS_NS {

/// Where a style works: on the host, or where Kokkos keeps the atoms. The styles themselves are the
/// same for all platforms.
class Platform {
 public:
  virtual ~Platform() = default;
  /// The memory of configurations and the arithmetic on them.
  virtual nflow::Arrays &arrays() = 0;
  /// The `dim` leading components of the positions of a group, in that memory.
  virtual std::unique_ptr<class GroupPositions> positions(LAMMPS *lmp, int igroup, int dim,
                                                          bool modulo_box) = 0;
  /// This rank's atoms, in that memory.
  virtual std::unique_ptr<class LocalAtoms> local_atoms(LAMMPS *lmp) = 0;
  /// Of the names of styles that work there.
  virtual std::string suffix() const { return ""; }
  /// The number of the CUDA device that the memory is on, or -1 for the host's.
  virtual int gpu() const { return -1; }
  /// For the log: "host", "Kokkos Serial" ...
  virtual std::string name() const { return "host"; }
  /// Before a style returns to LAMMPS where that goes on to read the host's memory (output).
  virtual void to_host(LAMMPS *) {}
};

Platform &host_platform();

} // namespace LAMMPS_NS

#endif
