#include "KOKKOS/fix_nflow_lists_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
FixNflowListsKokkos<DeviceType>::FixNflowListsKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "fix NFLOW/LISTS/kk"),
      FixNflowLists(lmp, narg, arg, this->kokkos_platform) {
  kokkosable = 1;
  execution_space = ExecutionSpaceFromDevice<DeviceType>::space;
  datamask_read = X_MASK | TAG_MASK;
  datamask_modify = EMPTY_MASK;
}

namespace LAMMPS_NS {
template class FixNflowListsKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class FixNflowListsKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
