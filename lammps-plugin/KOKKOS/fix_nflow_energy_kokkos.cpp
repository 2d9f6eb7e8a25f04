#include "KOKKOS/fix_nflow_energy_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
FixNflowEnergyKokkos<DeviceType>::FixNflowEnergyKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "fix nflow/energy/kk"),
      FixNflowEnergy(lmp, narg, arg, this->kokkos_platform) {
  this->declare(*this, X_MASK | F_MASK | TAG_MASK | MASK_MASK | IMAGE_MASK, F_MASK);
}

// The output of the first step reads the host's forces, and LAMMPS does not always bring them
// there.

template <class DeviceType>
void FixNflowEnergyKokkos<DeviceType>::setup(int vflag) {
  FixNflowEnergy::setup(vflag);
  this->kokkos_platform.to_host(lmp);
}

template <class DeviceType>
void FixNflowEnergyKokkos<DeviceType>::min_setup(int vflag) {
  FixNflowEnergy::min_setup(vflag);
  this->kokkos_platform.to_host(lmp);
}

template <class DeviceType>
void FixNflowEnergyKokkos<DeviceType>::post_force(int vflag) {
  const AtWork<DeviceType> at_work(lmp);
  FixNflowEnergy::post_force(vflag);
}

namespace LAMMPS_NS {
template class FixNflowEnergyKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class FixNflowEnergyKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
