#include "require_usable.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/usable.h"

#include "fix.h"
#include "modify.h"

namespace LAMMPS_NS {

/// Throws nflow::Error where a fix of LAMMPS's forgets, in the memory of a GPU, what energies
/// depend on.
void require_lasting_fixes(LAMMPS *lmp) {
#ifdef LMP_KOKKOS
  if (!kokkos_on_gpu(lmp)) return;
  for (int i = 0; i < lmp->modify->nfix; i++) {
    const Fix *fix = lmp->modify->fix[i];
    // It takes the host's places for the newer ones at every step, and has none there once its
    // arrays have grown: then all springs pull to the origin.
    if (fix->execution_space == Device && compat::begins_with(fix->style, {"spring/self"}))
      throw nflow::Error("fix " + std::string(fix->id) +
                         " (spring/self/kk) of LAMMPS loses its places on a GPU as soon as a "
                         "proposal brings more ghost atoms: give it 'suffix off' before its line "
                         "and 'suffix on' after it");
  }
#else
  (void) lmp;
#endif
}

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
  require_lasting_fixes(lmp);
  require_fixed_setting(lmp, igroup);
  require_counted_energies(lmp, &uncounted);
}

} // namespace LAMMPS_NS
