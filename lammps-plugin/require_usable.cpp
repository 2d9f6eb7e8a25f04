#include "require_usable.h"

#include "base/error.h"
#include "lammps/usable.h"

namespace LAMMPS_NS {

void require_usable(LAMMPS *lmp, int igroup, const Platform &platform,
                    const std::vector<std::string> &uncounted) {
#ifdef LMP_KOKKOS
  // The host's styles change the host's copy of the atoms and say so to nobody.
  if (&platform == &host_platform() && kokkos_on_gpu(lmp))
    throw nflow::Error(
        "Kokkos keeps the atoms on a GPU, of which this style knows nothing: use its "
        "variant /kk ('-sf kk'), or /kk/host");
#else
  (void) platform;
#endif
  require_fixed_setting(lmp, igroup);
  require_counted_energies(lmp, &uncounted);
}

} // namespace LAMMPS_NS
