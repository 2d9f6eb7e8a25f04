#ifndef NFLOW_MCMC_PERIODIC_BOX_H
#define NFLOW_MCMC_PERIODIC_BOX_H

#include <cmath>
#include <cstdint>
#include <vector>

namespace nflow::mcmc {

/// Lengths of an orthogonal box along `dim` axes; no lengths, or one that is zero: not periodic.
struct PeriodicBox {
  int64_t dim = 1;
  std::vector<double> lengths = {};

  bool periodic() const { return !lengths.empty(); }
  /// The image of a difference along axis k that is nearest to zero.
  double nearest(double difference, int64_t k) const {
    if (lengths.empty() || lengths[k] <= 0.0) return difference;
    return difference - lengths[k] * std::round(difference / lengths[k]);
  }
  /// Squared distance of two places [dim].
  double squared_distance(const double *a, const double *b) const {
    double sum = 0.0;
    for (int64_t k = 0; k < dim; k++) {
      const double difference = nearest(a[k] - b[k], k);
      sum += difference * difference;
    }
    return sum;
  }
};

/// The mask [n] of the `count` atoms of x [n, dim] nearest to `centre`; of atoms at the same
/// distance the first ones.
std::vector<uint8_t> nearest_atoms(const PeriodicBox &box, const double *centre, const double *x,
                                   int64_t n, int64_t count);

/// What counts as a rearrangement of an atom: |dr_i - mean of dr_j over neighbours j| > distance,
/// neighbours being closer than `neighbours` before the move.
struct Rearrangement {
  double distance = 0.4, neighbours = 1.5;
};

/// The number of atoms that a move from x to x_new [n, dim] has rearranged. An atom without
/// neighbours is compared with standing still.
int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion, const double *x,
                         const double *x_new, int64_t n);

} // namespace nflow::mcmc

#endif
