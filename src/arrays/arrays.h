#ifndef NFLOW_ARRAYS_ARRAYS_H
#define NFLOW_ARRAYS_ARRAYS_H

#include "arrays/memory.h"
#include "arrays/periodic_box.h"
#include "base/random.h"

#include <cstdint>
#include <vector>

namespace nflow {

/// `columns` normals of a piece of a stream, with their standard deviation, to be written from
/// `start` on.
struct GaussianRow {
  GaussianSequence numbers;
  double sigma = 1.0;
  int64_t start = 0;
};

/// Where a row of numbers comes from and where it goes to.
struct RowCopy {
  int64_t from = 0, to = 0;
};

/// All arithmetic on configurations, in the memory in which they live, so that a sampler works
/// alike wherever the atoms are. Only single numbers, and rows of as many numbers as there are
/// proposals, come back to the host.
class Arrays : public MemorySpace {
 public:
  // Elementwise, on n numbers.
  virtual void fill(double value, int64_t n, double *to) = 0;
  /// out = factor a + b; `out` may be one of them.
  virtual void add_scaled(double factor, const double *a, const double *b, int64_t n,
                          double *out) = 0;
  virtual void scale(double factor, int64_t n, double *values) = 0;
  /// to[i] = from[places[i]], and back: to[places[i]] = from[i].
  virtual void gather(const int64_t *places, int64_t n, const double *from, double *to) = 0;
  virtual void scatter(const int64_t *places, int64_t n, const double *from, double *to) = 0;
  /// Normals, each with its standard deviation, in rows of `columns`.
  virtual void fill_gaussian(const std::vector<GaussianRow> &rows, int64_t columns, double *to) = 0;
  void fill_gaussian(RandomStream &random, double sigma, int64_t n, double *to) {
    one_row_[0] = {random.take_gaussians(n), sigma, 0};
    fill_gaussian(one_row_, n, to);
  }
  virtual void copy_rows(const std::vector<RowCopy> &rows, int64_t columns, const double *from,
                         double *to) = 0;

  // Sums.
  virtual bool all_finite(int64_t n, const double *values) = 0;
  virtual bool all_zero(int64_t n, const double *values) = 0;
  virtual double sum_of_squares(int64_t n, const double *values) = 0;
  /// The sums of squares of rows of `columns` that begin at `starts`, to the host.
  virtual void sums_of_squares(const std::vector<int64_t> &starts, int64_t columns,
                               const double *values, double *host_sums) = 0;
  /// The largest |a - b| of the coordinates of n atoms of a box; infinite if one is not a number.
  virtual double largest_difference(const PeriodicBox &box, const double *a, const double *b,
                                    int64_t n) = 0;

  // Dynamics of the coordinates [n, dim] of the atoms with mask [n] = 1, of all if it is null.
  /// Velocities of the Maxwell distribution at k_B T = tau, zero for atoms that stay. Only as many
  /// random numbers are taken as coordinates move.
  virtual void draw_velocities(RandomStream &random, double tau, const double *inverse_masses,
                               const uint8_t *mask, int64_t n, int64_t dim, double *velocities) = 0;
  /// velocities += time forces / mass
  virtual void kick(double time, const double *inverse_masses, const double *forces,
                    const uint8_t *mask, int64_t n, int64_t dim, double *velocities) = 0;
  /// x += time velocities
  virtual void drift(double time, const double *velocities, const uint8_t *mask, int64_t n,
                     int64_t dim, double *x) = 0;
  virtual double kinetic_energy(const double *velocities, const double *inverse_masses,
                                const uint8_t *mask, int64_t n, int64_t dim) = 0;
  /// n velocities of the Maxwell distribution at k_B T = tau to gaussians of that variance, and
  /// back, in place.
  virtual void velocities_to_gaussians(double tau, double variance, const double *inverse_masses,
                                       int64_t n, double *values) = 0;
  virtual void gaussians_to_velocities(double tau, double variance, const double *inverse_masses,
                                       int64_t n, double *values) = 0;
  /// Replaces velocities [n, 3] by ones of the Maxwell distribution. A component that stands still
  /// is held by something and goes on doing so. The total momentum stays as it was: where dynamics
  /// conserves it, it is not thermal; where not, it is, and the rest is drawn beside it.
  virtual void redraw_velocities(RandomStream &random, double tau, const double *inverse_masses,
                                 int64_t n, double *velocities) = 0;

  // Places of atoms [n, dim] in a periodic box.
  /// Replaces `moved` by its image nearest to `x`, and by `x` itself where an atom stays.
  virtual void to_nearest_image(const PeriodicBox &box, const double *x, const uint8_t *mask,
                                int64_t n, double *moved) = 0;
  /// As nearest_atoms(), into mask [n]; `centre` is on the host.
  virtual void nearest_atoms(const PeriodicBox &box, const double *centre, const double *x,
                             int64_t n, int64_t count, uint8_t *mask) = 0;
  /// How many numbers of two masks are not the same.
  virtual int64_t count_different(int64_t n, const uint8_t *a, const uint8_t *b) = 0;
  /// As count_rearranged().
  virtual int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion,
                                   const double *x, const double *x_new, int64_t n) = 0;

 private:
  std::vector<GaussianRow> one_row_{1}; // kept, so that single rows allocate nothing
};

/// The arithmetic of host memory.
Arrays &host_arrays();

} // namespace nflow

#endif
