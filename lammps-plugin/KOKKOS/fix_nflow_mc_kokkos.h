#ifndef LMP_FIX_NFLOW_MC_KOKKOS_H
#define LMP_FIX_NFLOW_MC_KOKKOS_H

#include "KOKKOS/kokkos_platform.h"
#include "mc/fix_nflow_mc.h"

namespace LAMMPS_NS {

/// fix nflow/mc where Kokkos keeps the atoms.
template <class DeviceType>
class FixNflowMCKokkos : private OnKokkos<DeviceType>, public FixNflowMC {
 public:
  FixNflowMCKokkos(class LAMMPS *, int, char **);
  void pre_exchange() override;
};

} // namespace LAMMPS_NS

#endif
