#ifndef NFLOW_OPERATORS_COUPLING_SPLINE_H
#define NFLOW_OPERATORS_COUPLING_SPLINE_H

#include "operators/coupling_kernels.h"

#include <cstdint>
#include <vector>

namespace nflow::operators {

/// The rational-quadratic spline of [-1, 1] onto itself with linear tails (spline_tails.ts.py and
/// rational_quadratic.ts.py of src/architectures): its shares of K bins and slopes from the 3 K - 1
/// numbers `raw` of a conditioner; raw zeros give the identity. Bins have at least a tenth of the
/// equal share, slopes are within e^-3 and e^3, and 1 at both ends.
template <class T>
class CouplingSpline {
 public:
  CouplingSpline(int64_t bins, const CouplingKernels<T> &kernels);

  /// Moves q; returns the ln slope.
  double map(const T *raw, bool inverse, T &q);
  /// From the gradients by the moved q and by ln slope to that by the q it came from, and those by
  /// raw, which are written.
  void pull_back(const T *raw, bool inverse, T q, T &by_q, double by_log_slope, T *by_raw);

 private:
  struct Place {
    int64_t bin;
    T left, width, bottom, height, slope[2];
  };
  Place find(const T *raw, bool inverse, T w);
  T share(int64_t i) const { return floor_ + scale_ * exp_[i]; }
  T slope_after(const T *raw, int64_t edge) const;
  /// From gradients by where a bin begins and its length to those by the raw shares.
  void pull_back_shares(const T *exps, int64_t bin, T by_begin, T by_length, T *by_raw) const;

  int64_t bins_;
  const CouplingKernels<T> &kernels_;
  T floor_, scale_;
  std::vector<T> shifted_, exp_; // exp_: the softmax of both kinds of shares
};

} // namespace nflow::operators

#endif
