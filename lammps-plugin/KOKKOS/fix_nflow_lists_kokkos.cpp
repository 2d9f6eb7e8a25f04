#include "KOKKOS/fix_nflow_lists_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
FixNflowListsKokkos<DeviceType>::FixNflowListsKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "fix NFLOW/LISTS/kk"),
      FixNflowLists(lmp, narg, arg, this->kokkos_platform) {
  this->declare(*this, X_MASK | TAG_MASK, EMPTY_MASK);
}

namespace LAMMPS_NS {
template class FixNflowListsKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class FixNflowListsKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
