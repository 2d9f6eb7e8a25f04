#ifndef LMP_FIX_NFLOW_TEMPER_KOKKOS_H
#define LMP_FIX_NFLOW_TEMPER_KOKKOS_H

#include "KOKKOS/kokkos_platform.h"
#include "temper/fix_nflow_temper.h"

namespace LAMMPS_NS {

/// fix nflow/temper where Kokkos keeps the atoms.
template <class DeviceType>
class FixNflowTemperKokkos : private OnKokkos<DeviceType>, public FixNflowTemper {
 public:
  FixNflowTemperKokkos(class LAMMPS *, int, char **);
  void setup(int) override;
  void end_of_step() override;
};

} // namespace LAMMPS_NS

#endif
