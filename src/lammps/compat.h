#ifndef NFLOW_LAMMPS_COMPAT_H
#define NFLOW_LAMMPS_COMPAT_H

// The differences between the LAMMPS versions that this package supports, 29 Sep 2021 and newer, as
// far as they touch it. NFLOW_LAMMPS_VERSION is that of the headers, e.g. 20210929.

#include "comm.h"
#include "compute.h"
#include "error.h"
#include "fix.h"
#include "force.h"
#include "modify.h"
#include "utils.h"

#include <cstring>
#include <initializer_list>
#include <string>

#if defined(LAMMPS_EXCEPTIONS) || NFLOW_LAMMPS_VERSION >= 20230328
#define NFLOW_LAMMPS_THROWS 1 // otherwise its errors end the process
#include "exceptions.h"
#endif

/// What a name means in versions of LAMMPS that have not got it: found when LAMMPS_NS has none.
namespace nflow_if_missing {
constexpr int ENERGY_ONLY = 0;
}
using namespace nflow_if_missing;

namespace LAMMPS_NS::compat {

/// Which fields of the atoms: bits of atom_masks.h.
using DataMask = decltype(Fix::datamask_read);

/// Energy flag of a computation of which the global energy is wanted, no forces and no virial:
/// styles may then leave forces out. None in older versions.
inline constexpr int energy_only = ENERGY_ONLY;

/// The compute of that ID, or null.
inline Compute *find_compute(Modify *modify, const std::string &id) {
#if NFLOW_LAMMPS_VERSION >= 20220324
  return modify->get_compute_by_id(id);
#else
  const int index = modify->find_compute(id);
  return index < 0 ? nullptr : modify->compute[index];
#endif
}

/// Stops LAMMPS on all ranks of the partition. A ready-made sentence: the formatting templates of
/// Error belong to the fmt of the host and are not used.
[[noreturn]] inline void stop(Error *error, const char *file, int line,
                              const std::string &sentence) {
  error->all(file, line, sentence);
}

/// Whether a style has a name that begins so. The patterns of utils::strmatch() know no
/// alternatives.
inline bool begins_with(const char *style, std::initializer_list<const char *> names) {
  for (const char *name : names)
    if (std::strncmp(style, name, std::strlen(name)) == 0) return true;
  return false;
}

/// Calls `work()`. An error of LAMMPS becomes `on_error(text, of_one)`: its text as LAMMPS words
/// it, and whether it came from Error::one(), which is about atoms of one rank, not about the
/// setup. Without exceptions in LAMMPS such an error ends the process.
template <class Work, class OnError>
void guarded(const Work &work, const OnError &on_error) {
#ifdef NFLOW_LAMMPS_THROWS
  try {
    work();
  } catch (const LAMMPSAbortException &e) {
    on_error(std::string(e.what()), true);
  } catch (const LAMMPSException &e) {
    on_error(std::string(e.what()), false);
  }
#else
  (void) on_error;
  work();
#endif
}

/// Whether LAMMPS reports errors by exceptions.
inline constexpr bool throws() {
#ifdef NFLOW_LAMMPS_THROWS
  return true;
#else
  return false;
#endif
}

} // namespace LAMMPS_NS::compat

#endif
