#include "KOKKOS/fix_nflow_temper_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
FixNflowTemperKokkos<DeviceType>::FixNflowTemperKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "fix nflow/temper/kk"),
      FixNflowTemper(lmp, narg, arg, this->kokkos_platform) {
  this->declare(
      *this, X_MASK | V_MASK | F_MASK | TAG_MASK | TYPE_MASK | MASK_MASK | IMAGE_MASK | RMASS_MASK,
      X_MASK | V_MASK | F_MASK | IMAGE_MASK);
}

template <class DeviceType>
void FixNflowTemperKokkos<DeviceType>::setup(int vflag) {
  const AtWork<DeviceType> at_work(lmp);
  FixNflowTemper::setup(vflag);
}

template <class DeviceType>
void FixNflowTemperKokkos<DeviceType>::end_of_step() {
  const AtWork<DeviceType> at_work(lmp);
  FixNflowTemper::end_of_step();
}

namespace LAMMPS_NS {
template class FixNflowTemperKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class FixNflowTemperKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
