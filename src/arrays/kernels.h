#ifndef NFLOW_ARRAYS_KERNELS_H
#define NFLOW_ARRAYS_KERNELS_H

#include "arrays/arrays.h"
#include "base/function_space.h"

#include <cmath>

// The loop bodies of Arrays: what happens to number i, in host loops and in kernels alike.

namespace nflow::kernels {

/// A PeriodicBox that can be copied into a kernel.
struct Box {
  int64_t dim = 1;
  double lengths[3] = {0.0, 0.0, 0.0}; // zero: not periodic

  explicit Box(const PeriodicBox &box) : dim(box.dim) {
    for (size_t k = 0; k < box.lengths.size() && k < 3; k++) lengths[k] = box.lengths[k];
  }
  NFLOW_FUNCTION double nearest(double difference, int64_t k) const {
    if (lengths[k] <= 0.0) return difference;
    return difference - lengths[k] * std::round(difference / lengths[k]);
  }
  NFLOW_FUNCTION double squared_distance(const double *a, const double *b) const {
    double sum = 0.0;
    for (int64_t k = 0; k < dim; k++) {
      const double difference = nearest(a[k] - b[k], k);
      sum += difference * difference;
    }
    return sum;
  }
};

struct Fill {
  double value, *to;
  NFLOW_FUNCTION void operator()(int64_t i) const { to[i] = value; }
};

struct AddScaled {
  double factor;
  const double *a, *b;
  double *out;
  NFLOW_FUNCTION void operator()(int64_t i) const { out[i] = factor * a[i] + b[i]; }
};

struct Scale {
  double factor, *values;
  NFLOW_FUNCTION void operator()(int64_t i) const { values[i] *= factor; }
};

struct Gather {
  const int64_t *places;
  const double *from;
  double *to;
  NFLOW_FUNCTION void operator()(int64_t i) const { to[i] = from[places[i]]; }
};

struct Scatter {
  const int64_t *places;
  const double *from;
  double *to;
  NFLOW_FUNCTION void operator()(int64_t i) const { to[places[i]] = from[i]; }
};

/// Slot number i of all rows: two normals that belong together, or one at an end of a row.
struct FillGaussian {
  const GaussianRow *rows;
  int64_t columns, slots; // of a row
  double *to;

  /// Enough for the spare number and the pairs after it.
  static int64_t slots_of(int64_t columns) { return columns / 2 + 1; }
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const GaussianRow &row = rows[i / slots];
    const GaussianSequence &numbers = row.numbers;
    double *values = to + row.start;
    const int64_t slot = i % slots;
    if (slot == 0 && numbers.has_spare) values[0] = row.sigma * numbers.spare;
    const int64_t first = 2 * slot + numbers.has_spare;
    if (first >= columns) return;
    const GaussianPair both = numbers.pair(slot);
    values[first] = row.sigma * both.first;
    if (first + 1 < columns) values[first + 1] = row.sigma * both.second;
  }
};

struct CopyRows {
  const RowCopy *rows;
  int64_t columns;
  const double *from;
  double *to;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    const RowCopy &row = rows[i / columns];
    to[row.to + i % columns] = from[row.from + i % columns];
  }
};

struct NotFinite {
  const double *values;
  NFLOW_FUNCTION double operator()(int64_t i) const { return std::isfinite(values[i]) ? 0.0 : 1.0; }
};

struct NotZero {
  const double *values;
  NFLOW_FUNCTION double operator()(int64_t i) const { return values[i] == 0.0 ? 0.0 : 1.0; }
};

struct Difference {
  Box box;
  const double *a, *b;
  NFLOW_FUNCTION double operator()(int64_t i) const {
    const double difference = std::fabs(box.nearest(a[i] - b[i], i % box.dim));
    return std::isnan(difference) ? HUGE_VAL : difference;
  }
};

struct Square {
  const double *values;
  NFLOW_FUNCTION double operator()(int64_t i) const { return values[i] * values[i]; }
};

/// Of column j of a row.
struct SquareOfRow {
  const int64_t *starts;
  const double *values;
  NFLOW_FUNCTION double operator()(int64_t row, int64_t j) const {
    const double value = values[starts[row] + j];
    return value * value;
  }
};

/// Which coordinates of atoms move.
struct Mobile {
  const uint8_t *mask; // of atoms, or null for all
  int64_t dim;
  NFLOW_FUNCTION bool operator()(int64_t i) const { return !mask || mask[i / dim]; }
};

/// `ranks`: the number of atoms that move before each one, or null if all move.
struct DrawVelocities {
  GaussianSequence numbers;
  double tau;
  const double *inverse_masses;
  Mobile mobile;
  const int64_t *ranks;
  double *velocities;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    velocities[i] = 0.0;
    if (!mobile(i)) return;
    const int64_t number = ranks ? ranks[i / mobile.dim] * mobile.dim + i % mobile.dim : i;
    velocities[i] = std::sqrt(tau * inverse_masses[i]) * numbers.at(number);
  }
};

struct Kick {
  double time;
  const double *inverse_masses, *forces;
  Mobile mobile;
  double *velocities;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    if (mobile(i)) velocities[i] += time * inverse_masses[i] * forces[i];
  }
};

struct Drift {
  double time;
  const double *velocities;
  Mobile mobile;
  double *x;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    if (mobile(i)) x[i] += time * velocities[i];
  }
};

struct KineticEnergy {
  const double *velocities, *inverse_masses;
  Mobile mobile;
  NFLOW_FUNCTION double operator()(int64_t i) const {
    return mobile(i) ? 0.5 * velocities[i] * velocities[i] / inverse_masses[i] : 0.0;
  }
};

struct VelocityToGaussian {
  double tau, variance;
  const double *inverse_masses;
  double *values;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    values[i] *= std::sqrt(variance / (tau * inverse_masses[i]));
  }
};

struct GaussianToVelocity {
  double tau, variance;
  const double *inverse_masses;
  double *values;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    values[i] *= std::sqrt(tau * inverse_masses[i] / variance);
  }
};

/// Which numbers are not zero.
struct MarkMoving {
  const double *values;
  uint8_t *mask;
  NFLOW_FUNCTION void operator()(int64_t i) const { mask[i] = values[i] != 0.0; }
};

/// Of component k of atom j, if that moves.
struct MovingMass {
  const uint8_t *mask;
  const double *inverse_masses;
  NFLOW_FUNCTION double operator()(int64_t k, int64_t j) const {
    return mask[3 * j + k] ? 1.0 / inverse_masses[3 * j + k] : 0.0;
  }
};

/// Momentum of the new velocities beyond that of the old.
struct ExcessMomentum {
  const uint8_t *mask;
  const double *inverse_masses, *velocities_new, *velocities;
  NFLOW_FUNCTION double operator()(int64_t k, int64_t j) const {
    const int64_t i = 3 * j + k;
    return mask[i] ? (velocities_new[i] - velocities[i]) / inverse_masses[i] : 0.0;
  }
};

/// The new velocities less a common velocity of those that move.
struct TakeShifted {
  const uint8_t *mask;
  double common[3];
  const double *velocities_new;
  double *velocities;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    velocities[i] = mask[i] ? velocities_new[i] - common[i % 3] : velocities_new[i];
  }
};

struct ToNearestImage {
  Box box;
  const double *x;
  Mobile mobile;
  double *moved;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    moved[i] = mobile(i) ? x[i] + box.nearest(moved[i] - x[i], i % box.dim) : x[i];
  }
};

struct Different {
  const uint8_t *a, *b;
  NFLOW_FUNCTION double operator()(int64_t i) const { return a[i] != b[i] ? 1.0 : 0.0; }
};

/// Squared distances of atoms to a centre, as bits: the order of numbers that are not negative is
/// that of their bits.
struct DistanceBits {
  Box box;
  double centre[3];
  const double *x;
  uint64_t *bits;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    union {
      double number;
      uint64_t bits;
    } distance;
    distance.number = box.squared_distance(centre, x + i * box.dim);
    bits[i] = distance.bits;
  }
};

struct NotAbove {
  const uint64_t *bits;
  uint64_t limit;
  NFLOW_FUNCTION double operator()(int64_t i) const { return bits[i] <= limit ? 1.0 : 0.0; }
};

struct Equal {
  const uint64_t *bits;
  uint64_t limit;
  NFLOW_FUNCTION int64_t operator()(int64_t i) const { return bits[i] == limit; }
};

/// All below the limit, and the first `ties` of those at the limit.
struct MarkNearest {
  const uint64_t *bits;
  const int64_t *ranks; // of those at the limit
  uint64_t limit;
  int64_t ties;
  uint8_t *mask;
  NFLOW_FUNCTION void operator()(int64_t i) const {
    mask[i] = bits[i] < limit || (bits[i] == limit && ranks[i] < ties);
  }
};

struct IsMarked {
  const uint8_t *mask;
  NFLOW_FUNCTION int64_t operator()(int64_t i) const { return mask[i] != 0; }
};

/// Whether atom i was rearranged; tries all others as its neighbours.
struct Rearranged {
  Box box;
  double reach, limit; // squared
  const double *x, *x_new;
  int64_t n;

  /// What the neighbours of an atom did.
  struct Neighbours {
    double sums[3] = {0.0, 0.0, 0.0};
    int64_t count = 0;
  };

  Rearranged(const PeriodicBox &periodic_box, const Rearrangement &criterion,
             const double *positions, const double *new_positions, int64_t atoms)
      : box(periodic_box), reach(criterion.neighbours * criterion.neighbours),
        limit(criterion.distance * criterion.distance), x(positions), x_new(new_positions),
        n(atoms) {}
  NFLOW_FUNCTION double operator()(int64_t i) const {
    Neighbours around;
    for (int64_t j = 0; j < n; j++)
      if (j != i && box.squared_distance(x + i * box.dim, x + j * box.dim) < reach) add(j, around);
    return is_rearranged(i, around) ? 1.0 : 0.0;
  }
  NFLOW_FUNCTION void add(int64_t j, Neighbours &around) const {
    around.count++;
    for (int64_t k = 0; k < box.dim; k++) around.sums[k] += moved(j, k);
  }
  NFLOW_FUNCTION bool is_rearranged(int64_t i, const Neighbours &around) const {
    double squared = 0.0;
    for (int64_t k = 0; k < box.dim; k++) {
      const double mean = around.count ? around.sums[k] / static_cast<double>(around.count) : 0.0;
      squared += (moved(i, k) - mean) * (moved(i, k) - mean);
    }
    return squared > limit;
  }
  NFLOW_FUNCTION double moved(int64_t i, int64_t k) const {
    return box.nearest(x_new[i * box.dim + k] - x[i * box.dim + k], k);
  }
};

} // namespace nflow::kernels

#endif
