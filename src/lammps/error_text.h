#ifndef NFLOW_LAMMPS_ERROR_TEXT_H
#define NFLOW_LAMMPS_ERROR_TEXT_H

#include <string>

namespace LAMMPS_NS {

/// "Bad value" of LAMMPS's "ERROR on proc 0: Bad value (../pair.cpp:12)\nLast command: ..".
std::string sentence_of_error(const std::string &text);

} // namespace LAMMPS_NS

#endif
