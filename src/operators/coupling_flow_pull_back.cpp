// The gradients of CouplingFlow: backwards through what map() did, from the states that it kept.
#include "operators/coupling_flow.h"

#include <algorithm>
#include <cmath>

namespace nflow::operators {

/// From the gradient by what a coupling made of moved_, in g_moved_, to those by what it moved and
/// by the outputs of the conditioner. `after` is what it made.
template <class T>
void CouplingFlow<T>::pull_back_transform(int64_t point, const Coupling &c, const T *after,
                                          bool inverse, double by_log_det) {
  const int64_t m = c.moved, of_one = 3 * form_.bins - 1;
  T *const g = g_moved_.row(point), *const by_outputs = g_outputs_.row(point);
  const T *const outputs = outputs_.row(point), *const before = moved_.row(point);
  if (form_.kind == CouplingKind::spline) {
    for (int64_t i = 0; i < m; i++)
      spline_.pull_back(outputs + i * of_one, inverse, before[i], g[i], by_log_det,
                        by_outputs + i * of_one);
    return;
  }
  find_scales(point, c);
  if (inverse)
    for (int64_t i = 0; i < m; i++) scale_[i] = -scale_[i];
  kernels_.exp(m, scale_.data(), exp_.data());
  const T by_sum = form_.kind == CouplingKind::affine
                       ? static_cast<T>(inverse ? -by_log_det : by_log_det)
                       : T(0);
  const T *const shift = outputs + m;
  T mean = 0;
  for (int64_t i = 0; i < m; i++) {
    const T by_scale = inverse ? -g[i] * after[i] : g[i] * (after[i] - shift[i]);
    by_outputs[i] = by_scale + by_sum;
    mean += by_outputs[i];
    const T scaled = g[i] * exp_[i];
    by_outputs[m + i] = inverse ? -scaled : g[i];
    g[i] = scaled;
  }
  mean = form_.kind == CouplingKind::steerable ? mean / static_cast<T>(m) : T(0);
  for (int64_t i = 0; i < m; i++)
    by_outputs[i] = (by_outputs[i] - mean) * (1 - bounded_[i] * bounded_[i]);
}

/// From g_outputs_ to g_kept_ and g_seen_.
template <class T>
void CouplingFlow<T>::pull_back_condition(int64_t points, const Coupling &c, const T *weights,
                                          T *by_weights) {
  for (int64_t p = 0; p < points && form_.units > 0; p++) {
    // A row of its own, with zeros behind it.
    T *const by_shift = g_product_.row(p);
    std::copy_n(g_outputs_.row(p) + c.moved, c.moved, by_shift);
    std::fill_n(by_shift + c.moved, coupling_padding, T(0));
    std::fill_n(g_seen_.row(p), c.moved, T(0));
    kernels_.units_pull_back(form_.activation, form_.units, c.moved, seen_.row(p),
                             weights + c.unit_weight, weights + c.unit_bias, weights + c.unit_out,
                             by_shift, g_seen_.row(p), by_weights + c.unit_weight,
                             by_weights + c.unit_bias, by_weights + c.unit_out);
  }
  Rows<T> g = g_outputs_.rows();
  for (auto l = static_cast<int64_t>(c.layers.size()) - 1; l >= 0; l--) {
    const auto &layer = c.layers[l];
    const Rows<T> in = l > 0 ? hidden_[l - 1].rows() : kept_.rows();
    const Rows<T> by_in = l > 0 ? g_hidden_[l - 1].rows() : g_kept_.rows();
    for (int64_t p = 0; p < points; p++) std::fill_n(g.row(p) + layer.out, coupling_padding, T(0));
    kernels_.layer_pull_back(points, layer.in, layer.out, in, weights + layer.weight, g, by_in,
                             by_weights + layer.weight, by_weights + layer.bias, work_.data());
    for (int64_t p = 0; p < points && l > 0; p++)
      kernels_.activate_pull_back(form_.activation, layer.in, before_[l - 1].row(p), in.row(p),
                                  by_in.row(p));
    g = by_in;
  }
}

template <class T>
void CouplingFlow<T>::pull_back_coupling(int64_t points, const Coupling &c,
                                         const CouplingWeights<T> &w, const T *before,
                                         const T *after, bool inverse, const double *by_log_det,
                                         T *by_weights) {
  const int64_t *const places = w.places + c.places;
  for (int64_t p = 0; p < points; p++)
    std::copy_n(before + p * state_size(), form_.width, z_.row(p));
  gather(points, c, places, z_.rows());
  condition(points, c, w.weights);
  for (int64_t p = 0; p < points; p++) {
    const T *const row = after + p * state_size();
    for (int64_t i = 0; i < c.moved; i++) {
      g_moved_.row(p)[i] = g_.row(p)[places[i]];
      exchanged_[i] = row[places[i]];
    }
    pull_back_transform(p, c, exchanged_.data(), inverse, by_log_det[p]);
  }
  pull_back_condition(points, c, w.weights, by_weights);
  const T scale = static_cast<T>(input_scale(form_.kind));
  for (int64_t p = 0; p < points; p++) {
    T *const g = g_.row(p);
    for (int64_t i = 0; i < c.moved; i++) g[places[i]] = g_moved_.row(p)[i];
    for (int64_t i = 0; i < c.kept; i++) g[places[c.moved + i]] += scale * g_kept_.row(p)[i];
    if (form_.units == 0) continue;
    for (int64_t i = 0, k = 0; i < c.moved; i++, k = k + 1 < c.kept ? k + 1 : 0)
      g[places[c.moved + k]] += scale * g_seen_.row(p)[i];
  }
}

/// Through the matrix, from what is behind it to state `slot` before it, on the way that was gone.
template <class T>
void CouplingFlow<T>::pull_back_mix(int64_t points, const T *matrix, const T *states, int64_t slot,
                                    T *by_matrix) {
  const int64_t m = form_.mixed;
  if (m == 0) return;
  for (int64_t p = 0; p < points; p++) {
    std::copy_n(states + p * state_size() + slot * form_.width, m, product_.row(p));
    std::copy_n(g_.row(p), m, g_product_.row(p));
    std::fill_n(g_product_.row(p) + m, coupling_padding, T(0));
  }
  // The gradient of a bias that is not there goes to numbers that nobody reads.
  kernels_.layer_pull_back(points, m, m, product_.rows(), matrix, g_product_.rows(),
                           g_input_.rows(), by_matrix, no_bias_.data(), work_.data());
  for (int64_t p = 0; p < points; p++) std::copy_n(g_input_.row(p), m, g_.row(p));
}

/// Through v = scale y + shift or its inverse, on the way that was gone: `slot` is the state on the
/// inner side, of u's end or of v's.
template <class T>
void CouplingFlow<T>::pull_back_scale(int64_t points, const T *states, int64_t slot, const T *scale,
                                      bool divided, T *by_scale) {
  const int64_t width = form_.width;
  T *const by_shift = by_scale + width;
  for (int64_t p = 0; p < points; p++) {
    T *const g = g_.row(p);
    const T *const x = states + p * state_size() + slot * width;
    for (int64_t i = 0; i < width; i++) {
      if (divided) { // x = (v - shift) / scale
        g[i] /= scale[i];
        by_scale[i] -= g[i] * x[i];
        by_shift[i] -= g[i];
      } else { // scale x + shift
        by_scale[i] += g[i] * x[i];
        by_shift[i] += g[i];
        g[i] *= scale[i];
      }
    }
  }
}

template <class T>
void CouplingFlow<T>::pull_back(int64_t points, const T *states, const CouplingWeights<T> &w,
                                bool inverse, const T *by_out, const double *by_log_det, T *by_in,
                                T *by_weights) {
  const int64_t width = form_.width, last = couplings() + 1;
  const T *const in_scale = w.weights + layout_.in_scale();
  const T *const out_scale = w.weights + layout_.out_scale();
  const T *const matrix = w.weights + layout_.mixing();
  for (int64_t first = 0; first < points; first += chunk) {
    const int64_t count = std::min(chunk, points - first);
    const T *const kept = states + first * state_size();
    const auto slot = [&](int64_t s) { return kept + s * width; };
    const auto couple = [&](int64_t c, int64_t before, int64_t after) {
      pull_back_coupling(count, layout_.couplings()[c], w, slot(before), slot(after), inverse,
                         by_log_det + first, by_weights);
    };
    for (int64_t p = 0; p < count; p++) std::copy_n(by_out + (first + p) * width, width, g_.row(p));
    if (inverse) {
      pull_back_scale(count, kept, 0, in_scale, true, by_weights + layout_.in_scale());
      for (int64_t c = 0; c < couplings(); c++) couple(c, 2 + c, 1 + c);
      pull_back_mix(count, matrix, kept, last + 1, by_weights + layout_.mixing());
      pull_back_scale(count, kept, last + 1, out_scale, true, by_weights + layout_.out_scale());
    } else {
      pull_back_scale(count, kept, last + 1, out_scale, false, by_weights + layout_.out_scale());
      pull_back_mix(count, matrix, kept, last, by_weights + layout_.mixing());
      for (int64_t c = couplings() - 1; c >= 0; c--) couple(c, 1 + c, 2 + c);
      pull_back_scale(count, kept, 0, in_scale, false, by_weights + layout_.in_scale());
    }
    for (int64_t p = 0; p < count; p++) std::copy_n(g_.row(p), width, by_in + (first + p) * width);
  }
}

template class CouplingFlow<double>;
template class CouplingFlow<float>;

} // namespace nflow::operators
