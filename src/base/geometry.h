#ifndef NFLOW_BASE_GEOMETRY_H
#define NFLOW_BASE_GEOMETRY_H

#include "base/vector3.h"

#include <cstdint>

namespace nflow {

/// What users measure of some atoms in a row: a distance, an angle or a dihedral.
struct ChainKind {
  const char *name;
  int atoms;
  int least_dim; // of space
};

inline constexpr ChainKind chain_kinds[] = {
    {"distance", 2, 2}, {"angle", 3, 2}, {"dihedral", 4, 3}};

/// The distance, angle in [0, 180] degrees or dihedral in (-180, 180] degrees of 2, 3 or 4 atoms;
/// `steps` [atoms - 1] are the vectors from each to the next. Dihedrals have the sign of IUPAC,
/// which is that of LAMMPS's dihedral styles and of the torsions of docs/flows.md: 0 where both
/// ends are on the same side, positive where the far one is clockwise from the near one. NaN where
/// it is not defined: an angle at atoms in one place, a dihedral about three atoms on a line.
double chain_coordinate(const Vector3 *steps, int atoms);

/// Position of an atom of x [n, dim], 0 in the components beyond dim.
inline Vector3 position_of(const double *x, int64_t atom, int64_t dim) {
  const double *const at = x + atom * dim;
  return {at[0], dim > 1 ? at[1] : 0.0, dim > 2 ? at[2] : 0.0};
}

} // namespace nflow

#endif
