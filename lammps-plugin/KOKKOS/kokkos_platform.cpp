#include "KOKKOS/kokkos_platform.h"

#include "KOKKOS/kokkos_atoms.h"
#include "arrays/arrays_on.h"
#include "lammps/compat.h"
#include "lammps/group_positions_on.h"
#include "lammps/local_atoms_on.h"
#include "partition_link.h"
#include "require_usable.h"

#include "comm.h"
#include "universe.h"

using namespace LAMMPS_NS;

template <class DeviceType>
KokkosPlatform<DeviceType>::KokkosPlatform(LAMMPS *lmp, const char *style) {
  if (!lmp->kokkos) {
    const std::string remedy =
        "needs Kokkos: start LAMMPS with '-k on', or use the style without /kk";
    // LAMMPS would not write its sentence to the end into the log of a partition.
    if (lmp->universe->nworlds > 1) PartitionLink(lmp, style).stop_alone(remedy);
    compat::stop(lmp->error, FLERR, std::string(style) + ' ' + remedy);
  }
  using Exec = KokkosExec<DeviceType>;
#ifdef KOKKOS_ENABLE_CUDA
  constexpr bool usable = Exec::on_host || std::is_same<DeviceType, Kokkos::Cuda>::value;
#else
  constexpr bool usable = Exec::on_host;
#endif
  static_assert(usable,
                "lammps-nflow knows Kokkos on the host and on CUDA: LibTorch has no tensors in "
                "the memory of this device");
  Exec::gpu_aware = lmp->kokkos->gpu_aware_flag != 0;
  arrays_ = std::make_unique<nflow::ArraysOn<Exec>>();
}

template <class DeviceType>
KokkosPlatform<DeviceType>::~KokkosPlatform() = default;

template <class DeviceType>
nflow::Arrays &KokkosPlatform<DeviceType>::arrays() {
  return *arrays_;
}

template <class DeviceType>
std::unique_ptr<GroupPositions> KokkosPlatform<DeviceType>::positions(LAMMPS *lmp, int igroup,
                                                                      int dim, bool modulo_box) {
  return std::make_unique<GroupPositionsOn<KokkosExec<DeviceType>, KokkosAtoms<DeviceType>>>(
      lmp, igroup, dim, modulo_box, *arrays_);
}

template <class DeviceType>
std::unique_ptr<LocalAtoms> KokkosPlatform<DeviceType>::local_atoms(LAMMPS *lmp) {
  return std::make_unique<LocalAtomsOn<KokkosExec<DeviceType>, KokkosAtoms<DeviceType>>>(lmp);
}

/// The device that Kokkos has chosen for this rank, whatever the partition.
template <class DeviceType>
int KokkosPlatform<DeviceType>::gpu() const {
#ifdef KOKKOS_ENABLE_CUDA
  if (std::is_same<DeviceType, Kokkos::Cuda>::value) return Kokkos::Cuda().cuda_device();
#endif
  return -1;
}

template <class DeviceType>
std::string KokkosPlatform<DeviceType>::suffix() const {
  return KokkosAtoms<DeviceType>::space == Device ? "/kk/device" : "/kk/host";
}

template <class DeviceType>
std::string KokkosPlatform<DeviceType>::name() const {
  const std::string name = std::string("Kokkos ") + DeviceType::name();
  return gpu() < 0 ? name : name + " device " + std::to_string(gpu());
}

template <class DeviceType>
void KokkosPlatform<DeviceType>::to_host(LAMMPS *lmp) {
  static_cast<AtomKokkos *>(lmp->atom)->sync(Host, ALL_MASK);
}

template <class DeviceType>
AtWork<DeviceType>::AtWork(LAMMPS *lmp) : lmp_(lmp), auto_sync_(lmp->kokkos->auto_sync) {
  // Only then, for it takes the host's atoms for the newer ones.
  if (auto_sync_)
    static_cast<AtomKokkos *>(lmp->atom)->sync(KokkosAtoms<DeviceType>::space, ALL_MASK);
  lmp->kokkos->auto_sync = 0;
}

template <class DeviceType>
AtWork<DeviceType>::~AtWork() {
  auto *atoms = static_cast<AtomKokkos *>(lmp_->atom);
  atoms->sync(KokkosAtoms<DeviceType>::space, ALL_MASK);
  if (auto_sync_) atoms->sync(Host, ALL_MASK);
  lmp_->kokkos->auto_sync = auto_sync_;
}

bool LAMMPS_NS::kokkos_on_gpu(const LAMMPS *lmp) {
  return lmp->kokkos && !KokkosExec<LMPDeviceType>::on_host;
}

namespace LAMMPS_NS {
template class KokkosPlatform<LMPDeviceType>;
template class AtWork<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class KokkosPlatform<LMPHostType>;
template class AtWork<LMPHostType>;
#endif
} // namespace LAMMPS_NS
