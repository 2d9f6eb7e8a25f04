#ifndef LMP_COMPUTE_NFLOW_WORK_KOKKOS_H
#define LMP_COMPUTE_NFLOW_WORK_KOKKOS_H

#include "KOKKOS/kokkos_platform.h"
#include "work/compute_nflow_work.h"

namespace LAMMPS_NS {

/// compute nflow/work where Kokkos keeps the atoms.
template <class DeviceType>
class ComputeNflowWorkKokkos : private OnKokkos<DeviceType>, public ComputeNflowWork {
 public:
  ComputeNflowWorkKokkos(class LAMMPS *, int, char **);
  double compute_scalar() override;
  void compute_vector() override;
};

} // namespace LAMMPS_NS

#endif
