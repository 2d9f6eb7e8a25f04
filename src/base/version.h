#ifndef NFLOW_BASE_VERSION_H
#define NFLOW_BASE_VERSION_H

namespace nflow {

/// The version of lammps-nflow, as the CMakeLists.txt of its root says it: "0.2.0".
const char *version();

} // namespace nflow

#endif
