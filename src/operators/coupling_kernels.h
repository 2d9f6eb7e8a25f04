#ifndef NFLOW_OPERATORS_COUPLING_KERNELS_H
#define NFLOW_OPERATORS_COUPLING_KERNELS_H

#include "operators/coupling_form.h"

#include <string>
#include <vector>

namespace nflow::operators {

/// Rows of numbers, one of each point, `stride` apart.
template <class T>
struct Rows {
  T *first;
  int64_t stride;
  T *row(int64_t point) const { return first + point * stride; }
};

/// The arithmetic of a coupling, compiled for one instruction set. A register holds several units
/// of a layer and stays with the weights for several points, so that what comes of a point does not
/// depend, to the last bit, on the others of its batch. Rows and weights are read, and rows
/// written, up to coupling_padding numbers beyond their ends; what is beyond must be finite, and
/// zero in gradients `g`, which are thereby added to what follows.
template <class T>
struct CouplingKernels {
  const char *name;
  /// y = b + x w, w [in, out].
  void (*layer)(int64_t points, int64_t in, int64_t out, Rows<T> x, const T *w, const T *b,
                Rows<T> y);
  /// gx = g w^T; gw += x^T g, gb += g. `work` has place for w, `in` numbers and twice the padding.
  void (*layer_pull_back)(int64_t points, int64_t in, int64_t out, Rows<T> x, const T *w, Rows<T> g,
                          Rows<T> gx, T *gw, T *gb, T *work);
  /// h = activation(z), which may be the same place; and g *= activation'(z).
  void (*activate)(Activation activation, int64_t count, const T *z, T *h);
  void (*activate_pull_back)(Activation activation, int64_t count, const T *z, const T *h, T *g);
  /// y_j += sum_k factor_kj activation(w_kj c_j + b_kj), each [units, count].
  void (*units)(Activation activation, int64_t units, int64_t count, const T *c, const T *w,
                const T *b, const T *factor, T *y);
  /// From g by y: gc_j += .., and the gradients of the others.
  void (*units_pull_back)(Activation activation, int64_t units, int64_t count, const T *c,
                          const T *w, const T *b, const T *factor, const T *g, T *gc, T *gw, T *gb,
                          T *gfactor);
  /// y = tanh(x), y = e^x.
  void (*tanh)(int64_t count, const T *x, T *y);
  void (*exp)(int64_t count, const T *x, T *y);
};

/// Those of the best instruction set that this processor has.
template <class T>
const CouplingKernels<T> &coupling_kernels();
/// All that this processor can run, the best one first.
template <class T>
std::vector<const CouplingKernels<T> *> all_coupling_kernels();

} // namespace nflow::operators

#endif
