#ifndef NFLOW_KOKKOS_PLATFORM_H
#define NFLOW_KOKKOS_PLATFORM_H

#include "platform.h"

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
  nflow::mcmc::Arrays &arrays() override;
  std::unique_ptr<GroupConfiguration> configuration(LAMMPS *lmp, int igroup, int dim,
                                                    bool modulo_box) override;
  std::unique_ptr<LocalAtoms> local_atoms(LAMMPS *lmp) override;
  int gpu() const override;
  std::string name() const override;
  void settle(LAMMPS *lmp) override;
  void to_host(LAMMPS *lmp) override;

 private:
  std::unique_ptr<nflow::mcmc::Arrays> arrays_;
};

/// The first base class of a style, so that the platform is there before the style and goes after
/// it.
template <class DeviceType>
struct OnKokkos {
  OnKokkos(LAMMPS *lmp, const char *style) : kokkos_platform(lmp, style) {}
  KokkosPlatform<DeviceType> kokkos_platform;
};

} // namespace LAMMPS_NS

#endif
