#ifndef NFLOW_MCMC_ARRAYS_H
#define NFLOW_MCMC_ARRAYS_H

#include "mcmc/periodic_box.h"
#include "mcmc/random.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nflow::mcmc {

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

/// The memory in which configurations live, the host's or a GPU's, and all arithmetic on them. An
/// address from here means nothing to anyone else but a Flow and a Target of the same memory, so
/// that a sampler works alike wherever the atoms are. Only single numbers, and rows of as many
/// numbers as there are proposals, come back to the host.
class Arrays {
 public:
  virtual ~Arrays() = default;

  /// Whether the addresses are the host's own.
  virtual bool on_host() const = 0;
  /// Whether MPI may be given the addresses.
  virtual bool mpi_reads() const = 0;
  /// Memory of undefined contents, for Buffer.
  virtual void *allocate(size_t bytes) = 0;
  virtual void release(void *memory) = 0;
  virtual void copy_in(const void *host, size_t bytes, void *to) = 0;
  virtual void copy_out(const void *from, size_t bytes, void *host) = 0;
  virtual void copy_bytes(const void *from, size_t bytes, void *to) = 0;
  /// Waits until all arithmetic is done, before somebody else uses the memory.
  virtual void fence() = 0;

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

/// `size` values in the memory of `arrays`. Keeps its memory when it becomes smaller.
template <class T>
class Buffer {
 public:
  explicit Buffer(Arrays &arrays, int64_t size = 0) : arrays_(&arrays) { resize(size); }
  ~Buffer() { free(); }
  Buffer(Buffer &&other) noexcept { *this = std::move(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    std::swap(arrays_, other.arrays_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  Arrays &arrays() const { return *arrays_; }
  T *data() { return data_; }
  const T *data() const { return data_; }
  int64_t size() const { return size_; }
  /// The contents are undefined afterwards if it has become larger.
  void resize(int64_t size) {
    size_ = size;
    if (size <= capacity_) return;
    free();
    data_ = static_cast<T *>(arrays_->allocate(sizeof(T) * size));
    capacity_ = size;
  }
  /// Takes `size` values of the host, or gives all of its own.
  void assign(const T *host, int64_t size) {
    resize(size);
    if (size > 0) arrays_->copy_in(host, sizeof(T) * size, data_);
  }
  void copy_out(T *host) const {
    if (size_ > 0) arrays_->copy_out(data_, sizeof(T) * size_, host);
  }
  std::vector<T> on_host() const {
    std::vector<T> values(size_);
    copy_out(values.data());
    return values;
  }

 private:
  void free() {
    if (data_) arrays_->release(data_);
    data_ = nullptr;
    capacity_ = 0;
  }

  Arrays *arrays_ = nullptr;
  T *data_ = nullptr;
  int64_t size_ = 0, capacity_ = 0;
};

/// Copies `count` values within the memory of `arrays`.
template <class T>
void copy(Arrays &arrays, const T *from, int64_t count, T *to) {
  if (count > 0) arrays.copy_bytes(from, sizeof(T) * count, to);
}

/// Numbers of `arrays` at an address that the host can use, as long as this object lives: their own
/// if `direct`, else that of a copy in `scratch`.
class HostView {
 public:
  enum Direction { in, out, both }; // to the host, from the host, or to and fro
  HostView(Arrays &arrays, double *data, int64_t count, Direction direction, bool direct,
           std::vector<double> &scratch)
      : arrays_(arrays), theirs_(data), count_(direct ? 0 : count), direction_(direction) {
    if (direct)
      arrays.fence();
    else
      scratch.resize(count);
    host_ = direct ? data : scratch.data();
    if (direction != out && count_ > 0) arrays.copy_out(data, sizeof(double) * count_, host_);
  }
  ~HostView() {
    if (direction_ != in && count_ > 0) arrays_.copy_in(host_, sizeof(double) * count_, theirs_);
  }
  HostView(const HostView &) = delete;
  HostView &operator=(const HostView &) = delete;
  double *data() { return host_; }

 private:
  Arrays &arrays_;
  double *theirs_, *host_;
  int64_t count_;
  Direction direction_;
};

} // namespace nflow::mcmc

#endif
