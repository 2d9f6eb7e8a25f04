#ifndef NFLOW_LAMMPS_KERNELS_H
#define NFLOW_LAMMPS_KERNELS_H

// The loop bodies of GroupPositionsOn: what happens to atom i or number i, in host loops and in
// kernels alike. `Atoms` is a view of the local atoms with tag(i), mask(i), image(i), mass(i), and
// x(i, k), v(i, k), f(i, k).

#include "base/function_space.h"
#include "lmptype.h"

#include <cmath>
#include <cstdint>

namespace LAMMPS_NS::kernels {

NFLOW_FUNCTION void unpack(imageint image, int *counts) {
  counts[0] = static_cast<int>(image & IMGMASK) - IMGMAX;
  counts[1] = static_cast<int>(image >> IMGBITS & IMGMASK) - IMGMAX;
  counts[2] = static_cast<int>(image >> IMG2BITS) - IMGMAX;
}

NFLOW_FUNCTION imageint pack(const int *counts) {
  return (static_cast<imageint>(counts[0] + IMGMAX) & IMGMASK) |
         ((static_cast<imageint>(counts[1] + IMGMAX) & IMGMASK) << IMGBITS) |
         ((static_cast<imageint>(counts[2] + IMGMAX) & IMGMASK) << IMG2BITS);
}

/// The row of an ID, or -1 where it is not one of the group. The ascending IDs of the group have
/// places; these have rows.
struct RowOf {
  const tagint *ids;
  int64_t n;
  tagint first;
  int64_t range;        // the last ID - first + 1
  const int32_t *table; // the places of IDs first, first + 1, ..; null: a search will do
  const int32_t *rows;  // by place; null: the same
  NFLOW_FUNCTION int64_t operator()(tagint id) const {
    const int64_t place = place_of(id);
    return rows && place >= 0 ? rows[place] : place;
  }
  NFLOW_FUNCTION int64_t place_of(tagint id) const {
    const int64_t offset = id - first;
    if (offset < 0 || offset >= range) return -1;
    if (range == n) return offset;
    return table ? table[offset] : search(id);
  }
  NFLOW_FUNCTION int64_t search(tagint id) const {
    int64_t low = 0, high = n; // the first that is not less
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (ids[middle] < id)
        low = middle + 1;
      else
        high = middle;
    }
    return low < n && ids[low] == id ? low : -1;
  }
};

/// The local atoms of the group and their places.
template <class Atoms>
struct Members {
  Atoms atoms;
  int groupbit;
  int64_t count; // of local atoms
  RowOf row_of;

  NFLOW_FUNCTION int64_t operator()(int64_t i) const {
    return atoms.mask(i) & groupbit ? row_of(atoms.tag(i)) : -1;
  }
  /// Asks for the row of an atom that comes later: rows are in the order of IDs, atoms in that of
  /// space, so every row is a wait for memory in large systems.
  NFLOW_FUNCTION void look_ahead(int64_t i, const double *rows, int64_t columns) const {
#ifndef __CUDA_ARCH__
    constexpr int64_t ahead = 16;
    const int64_t place = i + ahead < count ? row_of(atoms.tag(i + ahead)) : -1;
    if (place >= 0) __builtin_prefetch(rows + columns * place);
#endif
  }
};

/// The local atoms into a state: rows [2, dim] of wrapped positions and image counts of an atom,
/// which lie together since atoms come in any order. Its value counts atoms, and is large for one
/// that is not known.
template <class Atoms>
struct ReadState {
  Members<Atoms> members;
  int64_t n, dim;
  double *state;

  NFLOW_FUNCTION double operator()(int64_t i) const {
    if (!(members.atoms.mask(i) & members.groupbit)) return 0.0;
    const int64_t place = members(i);
    if (place < 0) return static_cast<double>(n) + 1.0;
    int counts[3];
    unpack(members.atoms.image(i), counts);
    double *row = state + 2 * dim * place;
    for (int64_t k = 0; k < dim; k++) {
      row[k] = members.atoms.x(i, k);
      row[dim + k] = counts[k];
    }
    return 1.0;
  }
};

template <class Atoms>
struct PlaceState {
  Members<Atoms> members;
  int64_t dim;
  const double *state;

  NFLOW_FUNCTION void operator()(int64_t i) const {
    members.look_ahead(i, state, 2 * dim);
    const int64_t place = members(i);
    if (place < 0) return;
    int counts[3];
    unpack(members.atoms.image(i), counts);
    const double *row = state + 2 * dim * place;
    for (int64_t k = 0; k < dim; k++) {
      members.atoms.x(i, k) = row[k];
      counts[k] = static_cast<int>(row[dim + k]);
    }
    members.atoms.image(i) = pack(counts);
  }
};

/// What one axis of the box does to positions.
struct Axis {
  double low, high, length;
  bool periodic, fixed_low, fixed_high;
};

/// The unwrapped positions of atom i from a state.
struct Unwrap {
  const double *state;
  int64_t dim;
  double length[3];
  double *x;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const double *row = state + 2 * dim * i;
    for (int64_t k = 0; k < dim; k++) x[i * dim + k] = row[k] + row[dim + k] * length[k];
  }
};

/// std::floor(), which costs a call where the processor's own rounding is not known to be there.
NFLOW_FUNCTION double quick_floor(double value) {
  if (!(std::fabs(value) < 1e9)) return std::floor(value);
  const int whole = static_cast<int>(value);
  return static_cast<double>(whole - (whole > value));
}

/// The row of atom i in a state from its unwrapped positions; its value counts positions that
/// cannot be.
struct Wrap {
  const double *x;
  int64_t dim;
  Axis axes[3];
  bool modulo_box;
  double *state;

  NFLOW_FUNCTION double operator()(int64_t i) const {
    bool possible = true;
    double *row = state + 2 * dim * i;
    for (int64_t k = 0; k < dim; k++) {
      double position = x[i * dim + k], image = 0.0;
      possible &= wrap(axes[k], position, image);
      row[k] = position;
      row[dim + k] = image;
    }
    return possible ? 0.0 : 1.0;
  }
  /// Whether the position can be.
  NFLOW_FUNCTION bool wrap(const Axis &axis, double &position, double &image) const {
    if (!axis.periodic)
      return !((axis.fixed_low && position < axis.low) ||
               (axis.fixed_high && position >= axis.high)) &&
             std::isfinite(position);
    if (position >= axis.low && position < axis.low + axis.length) return true;
    image = quick_floor((position - axis.low) / axis.length);
    position -= image * axis.length;
    // Rounding can leave it just outside: then it is at the lower edge of the next image.
    if (position >= axis.low + axis.length) {
      position = axis.low;
      image += 1.0;
    }
    if (position < axis.low) position = axis.low;
    if (!(std::fabs(image) < IMGMAX)) {
      if (!modulo_box) return false;
      image = 0.0;
    }
    return std::isfinite(position);
  }
};

struct PlacePair {
  int64_t first, second;
};

/// Whether a pair is farther apart than ghost atoms reach.
struct BeyondReach {
  const PlacePair *pairs;
  const double *state;
  int64_t dim;
  Axis axes[3];
  double reach[3];
  NFLOW_FUNCTION double operator()(int64_t i) const {
    for (int64_t k = 0; k < dim; k++) {
      double distance = state[2 * dim * pairs[i].first + k] - state[2 * dim * pairs[i].second + k];
      if (axes[k].periodic) distance -= axes[k].length * std::round(distance / axes[k].length);
      if (std::fabs(distance) >= reach[k]) return 1.0;
    }
    return 0.0;
  }
};

// Per-atom arrays of LAMMPS.
struct Position {
  template <class Atoms>
  NFLOW_FUNCTION static double &of(const Atoms &atoms, int64_t i, int64_t k) {
    return atoms.x(i, k);
  }
};
struct Velocity {
  template <class Atoms>
  NFLOW_FUNCTION static double &of(const Atoms &atoms, int64_t i, int64_t k) {
    return atoms.v(i, k);
  }
};
struct Force {
  template <class Atoms>
  NFLOW_FUNCTION static double &of(const Atoms &atoms, int64_t i, int64_t k) {
    return atoms.f(i, k);
  }
};

template <class Atoms, class Array>
struct GatherRows {
  Members<Atoms> members;
  int64_t columns;
  double *values;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const int64_t place = members(i);
    for (int64_t k = 0; place >= 0 && k < columns; k++)
      values[place * columns + k] = Array::of(members.atoms, i, k);
  }
};

template <class Atoms, class Array>
struct ScatterRows {
  Members<Atoms> members;
  int64_t columns;
  const double *values;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const int64_t place = members(i);
    for (int64_t k = 0; place >= 0 && k < columns; k++)
      Array::of(members.atoms, i, k) = values[place * columns + k];
  }
};

/// Rows [nlocal, columns] in LAMMPS's order to that of the group; its value counts atoms.
template <class Atoms>
struct CollectRows {
  Members<Atoms> members;
  int64_t columns;
  const double *rows;
  double *values;
  NFLOW_FUNCTION double operator()(int64_t i) const {
    const int64_t place = members(i);
    for (int64_t k = 0; place >= 0 && k < columns; k++)
      values[place * columns + k] = rows[i * columns + k];
    return place >= 0 ? 1.0 : 0.0;
  }
};

template <class Atoms>
struct AddForces {
  Members<Atoms> members;
  double factor;
  int64_t columns;
  const double *values;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const int64_t place = members(i);
    for (int64_t k = 0; place >= 0 && k < columns; k++)
      members.atoms.f(i, k) += factor * values[place * columns + k];
  }
};

/// Component c of six, in LAMMPS's order, of what a force -dU/dx adds to the virial.
template <class Atoms>
struct Virial {
  Members<Atoms> members;
  int64_t dim;
  const double *x, *gradient;
  NFLOW_FUNCTION double operator()(int64_t c, int64_t i) const {
    const int64_t place = members(i);
    const int64_t of_force = c < 3 ? c : (c == 5 ? 1 : 0), of_place = c < 3 ? c : (c == 3 ? 1 : 2);
    if (place < 0 || of_force >= dim || of_place >= dim) return 0.0;
    return -gradient[place * dim + of_force] * x[place * dim + of_place];
  }
};

/// The same as rows [nlocal, 6], number i of them.
template <class Atoms>
struct VirialRows {
  Virial<Atoms> virial;
  double *rows;
  NFLOW_FUNCTION void operator()(int64_t i) const { rows[i] = virial(i % 6, i / 6); }
};

/// Half a step of the velocities of atoms of these groups.
template <class Atoms>
struct HalfKick {
  Atoms atoms;
  int groups;
  double half_step;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    if (!(atoms.mask(i) & groups)) return;
    const double factor = half_step / atoms.mass(i);
    for (int k = 0; k < 3; k++) atoms.v(i, k) += factor * atoms.f(i, k);
  }
};

} // namespace LAMMPS_NS::kernels

#endif
