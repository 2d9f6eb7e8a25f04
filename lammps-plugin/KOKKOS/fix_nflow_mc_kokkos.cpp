#include "KOKKOS/fix_nflow_mc_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
FixNflowMCKokkos<DeviceType>::FixNflowMCKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "fix nflow/mc/kk"),
      FixNflowMC(lmp, narg, arg, this->kokkos_platform) {
  this->declare(
      *this, X_MASK | V_MASK | F_MASK | TAG_MASK | TYPE_MASK | MASK_MASK | IMAGE_MASK | RMASS_MASK,
      X_MASK | V_MASK | F_MASK | IMAGE_MASK);
}

template <class DeviceType>
void FixNflowMCKokkos<DeviceType>::pre_exchange() {
  const AtWork<DeviceType> at_work(lmp);
  FixNflowMC::pre_exchange();
}

namespace LAMMPS_NS {
template class FixNflowMCKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class FixNflowMCKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
