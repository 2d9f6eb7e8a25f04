#ifndef NFLOW_ARRAYS_ARRAYS_ON_H
#define NFLOW_ARRAYS_ARRAYS_ON_H

#include "arrays/kernels.h"

namespace nflow {

/// Arrays by the loops of `Exec`, which has, all static:
///     bool on_host, mpi_reads()
///     allocate(bytes), release(memory), copy_in, copy_out, copy_bytes, fence()
///     for_each(n, f)                     f(i) for i < n, in any order
///     sum(n, f)                          of f(i), double
///     max(n, f)                          of f(i) and 0, double
///     row_sums(rows, columns, f, sums)   of f(row, j) over j
///     count_before(n, f, ranks)          ranks[i]: the sum of f(j), j < i, int64_t; returns all
template <class Exec>
class ArraysOn : public Arrays {
 public:
  bool on_host() const override { return Exec::on_host; }
  bool mpi_reads() const override { return Exec::mpi_reads(); }
  void *allocate(size_t bytes) override { return Exec::allocate(bytes); }
  void release(void *memory) override { Exec::release(memory); }
  void copy_in(const void *host, size_t bytes, void *to) override {
    Exec::copy_in(host, bytes, to);
  }
  void copy_out(const void *from, size_t bytes, void *host) override {
    Exec::copy_out(from, bytes, host);
  }
  void copy_bytes(const void *from, size_t bytes, void *to) override {
    Exec::copy_bytes(from, bytes, to);
  }
  void fence() override { Exec::fence(); }

  void fill(double value, int64_t n, double *to) override {
    Exec::for_each(n, kernels::Fill{value, to});
  }
  void add_scaled(double factor, const double *a, const double *b, int64_t n,
                  double *out) override {
    Exec::for_each(n, kernels::AddScaled{factor, a, b, out});
  }
  void scale(double factor, int64_t n, double *values) override {
    Exec::for_each(n, kernels::Scale{factor, values});
  }
  void gather(const int64_t *places, int64_t n, const double *from, double *to) override {
    Exec::for_each(n, kernels::Gather{places, from, to});
  }
  void scatter(const int64_t *places, int64_t n, const double *from, double *to) override {
    Exec::for_each(n, kernels::Scatter{places, from, to});
  }
  using Arrays::fill_gaussian;
  void fill_gaussian(const std::vector<GaussianRow> &rows, int64_t columns, double *to) override {
    const int64_t slots = kernels::FillGaussian::slots_of(columns);
    Exec::for_each(static_cast<int64_t>(rows.size()) * slots,
                   kernels::FillGaussian{lend(rows, gaussian_rows_), columns, slots, to});
  }
  void copy_rows(const std::vector<RowCopy> &rows, int64_t columns, const double *from,
                 double *to) override {
    Exec::for_each(static_cast<int64_t>(rows.size()) * columns,
                   kernels::CopyRows{lend(rows, copied_rows_), columns, from, to});
  }

  bool all_finite(int64_t n, const double *values) override {
    return Exec::sum(n, kernels::NotFinite{values}) == 0.0;
  }
  bool all_zero(int64_t n, const double *values) override {
    return Exec::sum(n, kernels::NotZero{values}) == 0.0;
  }
  double sum_of_squares(int64_t n, const double *values) override {
    return Exec::sum(n, kernels::Square{values});
  }
  void sums_of_squares(const std::vector<int64_t> &starts, int64_t columns, const double *values,
                       double *host_sums) override {
    row_sums_to_host(static_cast<int64_t>(starts.size()), columns,
                     kernels::SquareOfRow{lend(starts, starts_), values}, host_sums);
  }
  double largest_difference(const PeriodicBox &box, const double *a, const double *b,
                            int64_t n) override {
    return Exec::max(n * box.dim, kernels::Difference{kernels::Box(box), a, b});
  }

  void draw_velocities(RandomStream &random, double tau, const double *inverse_masses,
                       const uint8_t *mask, int64_t n, int64_t dim, double *velocities) override {
    int64_t moving = n;
    if (mask) {
      ranks_.resize(n);
      moving = Exec::count_before(n, kernels::IsMarked{mask}, ranks_.data());
    }
    Exec::for_each(n * dim, kernels::DrawVelocities{random.take_gaussians(moving * dim),
                                                    tau,
                                                    inverse_masses,
                                                    {mask, dim},
                                                    mask ? ranks_.data() : nullptr,
                                                    velocities});
  }
  void kick(double time, const double *inverse_masses, const double *forces, const uint8_t *mask,
            int64_t n, int64_t dim, double *velocities) override {
    Exec::for_each(n * dim, kernels::Kick{time, inverse_masses, forces, {mask, dim}, velocities});
  }
  void drift(double time, const double *velocities, const uint8_t *mask, int64_t n, int64_t dim,
             double *x) override {
    Exec::for_each(n * dim, kernels::Drift{time, velocities, {mask, dim}, x});
  }
  double kinetic_energy(const double *velocities, const double *inverse_masses, const uint8_t *mask,
                        int64_t n, int64_t dim) override {
    return Exec::sum(n * dim, kernels::KineticEnergy{velocities, inverse_masses, {mask, dim}});
  }

  void velocities_to_gaussians(double tau, double variance, const double *inverse_masses, int64_t n,
                               double *values) override {
    Exec::for_each(n, kernels::VelocityToGaussian{tau, variance, inverse_masses, values});
  }
  void gaussians_to_velocities(double tau, double variance, const double *inverse_masses, int64_t n,
                               double *values) override {
    Exec::for_each(n, kernels::GaussianToVelocity{tau, variance, inverse_masses, values});
  }
  void redraw_velocities(RandomStream &random, double tau, const double *inverse_masses, int64_t n,
                         double *velocities) override;

  void to_nearest_image(const PeriodicBox &box, const double *x, const uint8_t *mask, int64_t n,
                        double *moved) override {
    Exec::for_each(n * box.dim,
                   kernels::ToNearestImage{kernels::Box(box), x, {mask, box.dim}, moved});
  }
  void nearest_atoms(const PeriodicBox &box, const double *centre, const double *x, int64_t n,
                     int64_t count, uint8_t *mask) override;
  int64_t count_different(int64_t n, const uint8_t *a, const uint8_t *b) override {
    return static_cast<int64_t>(Exec::sum(n, kernels::Different{a, b}));
  }
  int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion, const double *x,
                           const double *x_new, int64_t n) override;

 private:
  /// An address for kernels of a few values of the host, until the next call.
  template <class T>
  const T *lend(const std::vector<T> &values, Buffer<T> &copy) {
    if constexpr (Exec::on_host) return values.data();
    copy.assign(values.data(), static_cast<int64_t>(values.size()));
    return copy.data();
  }

  template <class Function>
  void row_sums_to_host(int64_t rows, int64_t columns, const Function &function,
                        double *host_sums) {
    if constexpr (Exec::on_host) {
      Exec::row_sums(rows, columns, function, host_sums);
    } else {
      sums_.resize(rows);
      Exec::row_sums(rows, columns, function, sums_.data());
      sums_.copy_out(host_sums);
    }
  }

  Buffer<GaussianRow> gaussian_rows_{*this};
  Buffer<RowCopy> copied_rows_{*this};
  Buffer<int64_t> starts_{*this}, ranks_{*this};
  Buffer<uint64_t> distances_{*this};
  Buffer<double> sums_{*this}, drawn_{*this};
  Buffer<uint8_t> moving_{*this};
};

template <class Exec>
void ArraysOn<Exec>::redraw_velocities(RandomStream &random, double tau,
                                       const double *inverse_masses, int64_t n,
                                       double *velocities) {
  moving_.resize(3 * n);
  drawn_.resize(3 * n);
  Exec::for_each(3 * n, kernels::MarkMoving{velocities, moving_.data()});
  draw_velocities(random, tau, inverse_masses, moving_.data(), 3 * n, 1, drawn_.data());
  double masses[3], excess[3];
  row_sums_to_host(3, n, kernels::MovingMass{moving_.data(), inverse_masses}, masses);
  row_sums_to_host(
      3, n, kernels::ExcessMomentum{moving_.data(), inverse_masses, drawn_.data(), velocities},
      excess);
  kernels::TakeShifted take{moving_.data(), {0.0, 0.0, 0.0}, drawn_.data(), velocities};
  for (int k = 0; k < 3; k++)
    if (masses[k] > 0.0) take.common[k] = excess[k] / masses[k];
  Exec::for_each(3 * n, take);
}

template <class Exec>
void ArraysOn<Exec>::nearest_atoms(const PeriodicBox &box, const double *centre, const double *x,
                                   int64_t n, int64_t count, uint8_t *mask) {
  if constexpr (Exec::on_host) {
    nflow::nearest_atoms(box, centre, x, n, count, mask);
  } else {
    distances_.resize(n);
    ranks_.resize(n);
    const uint64_t *bits = distances_.data();
    kernels::DistanceBits distance{kernels::Box(box), {0.0, 0.0, 0.0}, x, distances_.data()};
    for (int64_t k = 0; k < box.dim; k++) distance.centre[k] = centre[k];
    Exec::for_each(n, distance);
    // The smallest limit with enough atoms not above it, bit by bit.
    uint64_t limit = 0;
    for (int bit = 62; bit >= 0; bit--) {
      const uint64_t below = limit | ((uint64_t(1) << bit) - 1);
      if (Exec::sum(n, kernels::NotAbove{bits, below}) < static_cast<double>(count))
        limit |= uint64_t(1) << bit;
    }
    const int64_t at = Exec::count_before(n, kernels::Equal{bits, limit}, ranks_.data());
    const auto up_to = static_cast<int64_t>(Exec::sum(n, kernels::NotAbove{bits, limit}));
    Exec::for_each(n, kernels::MarkNearest{bits, ranks_.data(), limit, count - (up_to - at), mask});
  }
}

template <class Exec>
int64_t ArraysOn<Exec>::count_rearranged(const PeriodicBox &box, const Rearrangement &criterion,
                                         const double *x, const double *x_new, int64_t n) {
  if constexpr (Exec::on_host) {
    return nflow::count_rearranged(box, criterion, x, x_new, n);
  } else {
    return static_cast<int64_t>(Exec::sum(n, kernels::Rearranged(box, criterion, x, x_new, n)));
  }
}

} // namespace nflow

#endif
