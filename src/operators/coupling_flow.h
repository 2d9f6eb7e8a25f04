#ifndef NFLOW_OPERATORS_COUPLING_FLOW_H
#define NFLOW_OPERATORS_COUPLING_FLOW_H

#include "operators/coupling_spline.h"

#include <algorithm>
#include <vector>

namespace nflow::operators {

/// The numbers of a flow: weights in the order of CouplingLayout, of which the matrix is that of
/// the direction, and the places of the numbers that each coupling moves and keeps.
template <class T>
struct CouplingWeights {
  const T *weights;
  const int64_t *places;
};

/// A coupling flow on points of W numbers: with z = in_scale u + in_shift, couplings
///     a -> a e^{s(c)} + t(c), or a -> S(a; c),
/// of the numbers a that one moves given those, c, that it keeps, and y = z or the matrix applied
/// to the first numbers of z,
///     v = out_scale y + out_shift;
/// its inverse, and the gradients of both. log_det is that of the couplings. Allocates in its
/// constructor only.
template <class T>
class CouplingFlow {
 public:
  CouplingFlow(const CouplingForm &form, const CouplingKernels<T> &kernels);

  const CouplingForm &form() const { return form_; }
  const CouplingLayout &layout() const { return layout_; }
  /// Numbers of the states of a point that pull_back() needs: u, z before, between and behind the
  /// couplings, y.
  int64_t state_size() const { return (couplings() + 3) * form_.width; }
  /// v = f(u), or u = f^-1(v) with `inverse`. `states` may be null.
  void map(int64_t points, const T *in, const CouplingWeights<T> &weights, bool inverse, T *out,
           double *log_det, T *states);
  /// From the gradients of the output and of log_det to that of the input; adds those of the
  /// weights.
  void pull_back(int64_t points, const T *states, const CouplingWeights<T> &weights, bool inverse,
                 const T *by_out, const double *by_log_det, T *by_in, T *by_weights);

 private:
  using Coupling = CouplingLayout::Coupling;
  static constexpr int64_t chunk = 32; // points at a time

  /// Memory for a chunk of rows.
  struct Memory {
    explicit Memory(int64_t size = 0)
        : stride(size + coupling_padding), numbers(chunk * stride, T(0)) {}
    Rows<T> rows() { return {numbers.data(), stride}; }
    T *row(int64_t p) { return numbers.data() + p * stride; }

    int64_t stride;
    std::vector<T> numbers;
  };

  int64_t couplings() const { return static_cast<int64_t>(layout_.couplings().size()); }
  void forward(int64_t points, const CouplingWeights<T> &w, double *log_det, T *states);
  void backward(int64_t points, const CouplingWeights<T> &w, double *log_det, T *states);
  /// Slot s of the states of the chunk's points from z_, if they are wanted.
  void keep(int64_t points, int64_t slot, T *states);
  void mix(int64_t points, const T *matrix);
  void couple(int64_t points, const Coupling &c, const CouplingWeights<T> &w, bool inverse,
              double *log_det);
  void gather(int64_t points, const Coupling &c, const int64_t *places, Rows<T> z);
  void condition(int64_t points, const Coupling &c, const T *weights);
  void transform(int64_t point, const Coupling &c, bool inverse, double *log_det);
  /// ln of the scales of a point, in scale_, and tanh(raw) in bounded_.
  void find_scales(int64_t point, const Coupling &c);

  // Of pull_back(): g_ is the gradient by z.
  void pull_back_coupling(int64_t points, const Coupling &c, const CouplingWeights<T> &w,
                          const T *before, const T *after, bool inverse, const double *by_log_det,
                          T *by_weights);
  void pull_back_transform(int64_t point, const Coupling &c, const T *after, bool inverse,
                           double by_log_det);
  void pull_back_condition(int64_t points, const Coupling &c, const T *weights, T *by_weights);
  void pull_back_mix(int64_t points, const T *matrix, const T *states, int64_t slot, T *by_matrix);
  void pull_back_scale(int64_t points, const T *states, int64_t slot, const T *scale, bool divided,
                       T *by_scale);

  CouplingForm form_;
  CouplingLayout layout_;
  const CouplingKernels<T> &kernels_;
  CouplingSpline<T> spline_;
  Memory z_, moved_, kept_, seen_, outputs_, product_;
  std::vector<Memory> hidden_, before_; // of each hidden layer, behind and before the activation
  std::vector<T> bounded_, scale_, exp_, zeros_;
  std::vector<T> exchanged_, no_bias_, work_;
  // Gradients by these.
  Memory g_, g_moved_, g_kept_, g_seen_, g_outputs_, g_product_, g_input_;
  std::vector<Memory> g_hidden_;
};

} // namespace nflow::operators

#endif
