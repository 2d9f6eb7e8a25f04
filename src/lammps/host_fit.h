#ifndef NFLOW_LAMMPS_HOST_FIT_H
#define NFLOW_LAMMPS_HOST_FIT_H

// Whether the LAMMPS of this process is the one whose headers were compiled in. A library of
// another version can take the place of the one that was there (Debian names both liblammps.so.0),
// and the layout of its classes is not known then.

#include "lmptype.h"

#include <string>

// Of LAMMPS's C library: the same in every version, and so safe to call before anything is known of
// the host.
extern "C" int lammps_version(void *);
extern "C" int lammps_extract_setting(void *, const char *);
extern "C" int lammps_config_has_exceptions();
extern "C" int lammps_config_accelerator(const char *, const char *, const char *);

namespace LAMMPS_NS {

/// One sentence on why `what` (a file, a program) does not fit the running LAMMPS `lmp`, or
/// nothing.
static inline std::string host_misfit(void *lmp, const std::string &what) {
  const std::string remedy = ": build it against this LAMMPS (cmake -DLAMMPS_SOURCE_DIR=...)";
  const int host = lammps_version(lmp);
  if (host != NFLOW_LAMMPS_VERSION)
    return what + " was built for LAMMPS version " + std::to_string(NFLOW_LAMMPS_VERSION) +
           ", but this is version " + std::to_string(host) + remedy;
  if (lammps_extract_setting(lmp, "tagint") != sizeof(tagint) ||
      lammps_extract_setting(lmp, "bigint") != sizeof(bigint) ||
      lammps_extract_setting(lmp, "imageint") != sizeof(imageint))
    return what + " was built for other integer sizes (LAMMPS_SIZES) than this LAMMPS" + remedy;
#if NFLOW_LAMMPS_VERSION < 20230328 // then they became the only way
#ifdef LAMMPS_EXCEPTIONS
  constexpr bool exceptions = true;
#else
  constexpr bool exceptions = false;
#endif
  if (bool(lammps_config_has_exceptions()) != exceptions)
    return what + " was built for a LAMMPS " +
           (exceptions ? "with LAMMPS_EXCEPTIONS, but this one was built without"
                       : "without LAMMPS_EXCEPTIONS, but this one was built with") +
           remedy;
#endif
#ifdef LMP_KOKKOS
  if (lammps_config_accelerator("KOKKOS", "precision", "double") == 0)
    return what +
           " was built for a KOKKOS package in double precision, but that of this LAMMPS is " +
           "in single or mixed precision: build LAMMPS with -DKOKKOS_PREC=double";
#endif
  return "";
}

} // namespace LAMMPS_NS

#endif
