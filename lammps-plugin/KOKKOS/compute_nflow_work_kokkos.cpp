#include "KOKKOS/compute_nflow_work_kokkos.h"

#include "atom_masks.h"

using namespace LAMMPS_NS;

template <class DeviceType>
ComputeNflowWorkKokkos<DeviceType>::ComputeNflowWorkKokkos(LAMMPS *lmp, int narg, char **arg)
    : OnKokkos<DeviceType>(lmp, "compute nflow/work/kk"),
      ComputeNflowWork(lmp, narg, arg, this->kokkos_platform) {
  this->declare(*this, X_MASK | F_MASK | TAG_MASK | MASK_MASK | IMAGE_MASK, EMPTY_MASK);
}

template <class DeviceType>
double ComputeNflowWorkKokkos<DeviceType>::compute_scalar() {
  const AtWork<DeviceType> at_work(lmp);
  return ComputeNflowWork::compute_scalar();
}

template <class DeviceType>
void ComputeNflowWorkKokkos<DeviceType>::compute_vector() {
  const AtWork<DeviceType> at_work(lmp);
  ComputeNflowWork::compute_vector();
}

namespace LAMMPS_NS {
template class ComputeNflowWorkKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class ComputeNflowWorkKokkos<LMPHostType>;
#endif
} // namespace LAMMPS_NS
