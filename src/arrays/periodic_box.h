#ifndef NFLOW_ARRAYS_PERIODIC_BOX_H
#define NFLOW_ARRAYS_PERIODIC_BOX_H

#include <cstdint>
#include <vector>

namespace nflow {

/// Lengths of an orthogonal box along `dim` axes, at most three; no lengths, or one that is zero:
/// not periodic.
struct PeriodicBox {
  int64_t dim = 1;
  std::vector<double> lengths = {};

  bool periodic() const { return !lengths.empty(); }
};

/// Marks in mask [n] the `count` atoms of x [n, dim] nearest to `centre`; of atoms at the same
/// distance the first ones.
void nearest_atoms(const PeriodicBox &box, const double *centre, const double *x, int64_t n,
                   int64_t count, uint8_t *mask);

/// What counts as a rearrangement of an atom: |dr_i - mean of dr_j over neighbours j| > distance,
/// neighbours being closer than `neighbours` before the move.
struct Rearrangement {
  double distance = 0.4, neighbours = 1.5;
};

/// The number of atoms that a move from x to x_new [n, dim] has rearranged. An atom without
/// neighbours is compared with standing still. O(n) in large periodic boxes.
int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion, const double *x,
                         const double *x_new, int64_t n);

} // namespace nflow

#endif
