#ifndef NFLOW_REQUIRE_USABLE_H
#define NFLOW_REQUIRE_USABLE_H

#include "lammps/atoms_platform.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

/// Whether Kokkos keeps the atoms in the memory of a GPU.
bool kokkos_on_gpu(const LAMMPS *lmp);

/// require_fixed_setting() and require_counted_energies(), of a style that works on `platform`:
/// LAMMPS's own styles must be told of what it changes. Throws nflow::Error.
void require_usable(LAMMPS *lmp, int igroup, const Platform &platform,
                    const std::vector<std::string> &uncounted);

} // namespace LAMMPS_NS

#endif
