#ifndef LMP_FIX_NFLOW_ENERGY_KOKKOS_H
#define LMP_FIX_NFLOW_ENERGY_KOKKOS_H

#include "KOKKOS/kokkos_platform.h"
#include "energy/fix_nflow_energy.h"

namespace LAMMPS_NS {

/// fix nflow/energy where Kokkos keeps the atoms.
template <class DeviceType>
class FixNflowEnergyKokkos : private OnKokkos<DeviceType>, public FixNflowEnergy {
 public:
  FixNflowEnergyKokkos(class LAMMPS *, int, char **);
  void setup(int) override;
  void min_setup(int) override;
  void post_force(int) override;
};

} // namespace LAMMPS_NS

#endif
