#ifndef LMP_FIX_NFLOW_LISTS_KOKKOS_H
#define LMP_FIX_NFLOW_LISTS_KOKKOS_H

#include "KOKKOS/kokkos_platform.h"
#include "work/fix_nflow_lists.h"

namespace LAMMPS_NS {

/// fix NFLOW/LISTS where Kokkos keeps the atoms.
template <class DeviceType>
class FixNflowListsKokkos : private OnKokkos<DeviceType>, public FixNflowLists {
 public:
  FixNflowListsKokkos(class LAMMPS *, int, char **);
};

} // namespace LAMMPS_NS

#endif
