#ifndef NFLOW_KOKKOS_PLATFORM_H
#define NFLOW_KOKKOS_PLATFORM_H

#include "lammps/atoms_platform.h"
#include "lammps/compat.h"

#include "kokkos_type.h"

#include <memory>

namespace LAMMPS_NS {

/// Where Kokkos keeps the atoms: DeviceType is LMPDeviceType, or LMPHostType for the styles
/// /kk/host. Owns memory of Kokkos, and so must not live longer than LAMMPS.
template <class DeviceType>
class KokkosPlatform : public Platform {
 public:
  /// Stops LAMMPS if Kokkos has not been started.
  KokkosPlatform(LAMMPS *lmp, const char *style);
  ~KokkosPlatform() override;
  nflow::Arrays &arrays() override;
  std::unique_ptr<GroupPositions> positions(LAMMPS *lmp, int igroup, int dim,
                                            bool modulo_box) override;
  std::unique_ptr<LocalAtoms> local_atoms(LAMMPS *lmp) override;
  std::string suffix() const override;
  int gpu() const override;
  std::string name() const override;
  void to_host(LAMMPS *lmp) override;

 private:
  std::unique_ptr<nflow::Arrays> arrays_;
};

/// While it lives, a style works on the atoms: LAMMPS's two copies of them follow what is said of
/// changes. In the phases of setup, and in calls from styles without Kokkos, LAMMPS would copy at
/// every such word, before the kernels have run. Afterwards the copy of this space is up to date,
/// and in those phases the host's, too.
template <class DeviceType>
class AtWork {
 public:
  explicit AtWork(LAMMPS *lmp);
  ~AtWork();
  AtWork(const AtWork &) = delete;
  AtWork &operator=(const AtWork &) = delete;

 private:
  LAMMPS *lmp_;
  int auto_sync_;
};

/// The first base class of a style, so that the platform is there before the style and goes after
/// it.
template <class DeviceType>
struct OnKokkos {
  OnKokkos(LAMMPS *lmp, const char *style) : kokkos_platform(lmp, style) {}
  /// Tells LAMMPS where a fix or compute works, and what of the atoms it reads and modifies there.
  template <class Style>
  static void declare(Style &style, compat::DataMask read, compat::DataMask modify) {
    style.kokkosable = 1;
    style.execution_space = ExecutionSpaceFromDevice<DeviceType>::space;
    style.datamask_read = read;
    style.datamask_modify = modify;
  }

  KokkosPlatform<DeviceType> kokkos_platform;
};

} // namespace LAMMPS_NS

#endif
