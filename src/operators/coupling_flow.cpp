#include "operators/coupling_flow.h"

#include <algorithm>
#include <cmath>

namespace nflow::operators {

template <class T>
CouplingFlow<T>::CouplingFlow(const CouplingForm &form, const CouplingKernels<T> &kernels)
    : form_(form), layout_(form), kernels_(kernels),
      spline_(std::max<int64_t>(form.bins, 2), kernels), z_(form.width),
      moved_(layout_.largest_moved()), kept_(layout_.largest_kept()),
      seen_(layout_.largest_moved()), outputs_(layout_.largest_outputs()), product_(form.mixed),
      zeros_(form.mixed + coupling_padding), no_bias_(form.mixed + coupling_padding),
      g_(form.width), g_moved_(layout_.largest_moved()), g_kept_(layout_.largest_kept()),
      g_seen_(layout_.largest_moved()), g_outputs_(layout_.largest_outputs()),
      g_product_(std::max(form.mixed, layout_.largest_moved())), g_input_(form.mixed) {
  for (const int64_t units : layout_.largest_kept() > 0 ? form.hidden : std::vector<int64_t>())
    for (auto *rows : {&hidden_, &before_, &g_hidden_}) rows->emplace_back(units);
  int64_t largest_layer = form.mixed * (form.mixed + 1);
  for (const auto &c : layout_.couplings())
    for (const auto &layer : c.layers)
      largest_layer = std::max(largest_layer, layer.in * (layer.out + 1));
  work_.resize(largest_layer + 2 * coupling_padding);
  for (auto *row : {&bounded_, &scale_, &exp_, &exchanged_})
    row->resize(layout_.largest_moved() + coupling_padding);
}

template <class T>
void CouplingFlow<T>::keep(int64_t points, int64_t slot, T *states) {
  if (!states) return;
  for (int64_t p = 0; p < points; p++)
    std::copy_n(z_.row(p), form_.width, states + p * state_size() + slot * form_.width);
}

template <class T>
void CouplingFlow<T>::mix(int64_t points, const T *matrix) {
  if (form_.mixed == 0) return;
  kernels_.layer(points, form_.mixed, form_.mixed, z_.rows(), matrix, zeros_.data(),
                 product_.rows());
  for (int64_t p = 0; p < points; p++) std::copy_n(product_.row(p), form_.mixed, z_.row(p));
}

template <class T>
void CouplingFlow<T>::gather(int64_t points, const Coupling &c, const int64_t *places, Rows<T> z) {
  const T scale = static_cast<T>(input_scale(form_.kind));
  for (int64_t p = 0; p < points; p++) {
    const T *const row = z.row(p);
    T *const moved = moved_.row(p), *const kept = kept_.row(p), *const seen = seen_.row(p);
    for (int64_t i = 0; i < c.moved; i++) moved[i] = row[places[i]];
    for (int64_t i = 0; i < c.kept; i++) kept[i] = scale * row[places[c.moved + i]];
    if (form_.units == 0) continue;
    for (int64_t i = 0, k = 0; i < c.moved; i++, k = k + 1 < c.kept ? k + 1 : 0) seen[i] = kept[k];
    std::fill_n(seen + c.moved, coupling_padding, T(0));
  }
}

/// outputs_ from kept_.
template <class T>
void CouplingFlow<T>::condition(int64_t points, const Coupling &c, const T *weights) {
  Rows<T> in = kept_.rows();
  for (size_t l = 0; l < c.layers.size(); l++) {
    const auto &layer = c.layers[l];
    const bool last = l + 1 == c.layers.size();
    const Rows<T> out = last ? outputs_.rows() : before_[l].rows();
    kernels_.layer(points, layer.in, layer.out, in, weights + layer.weight, weights + layer.bias,
                   out);
    if (last) break;
    for (int64_t p = 0; p < points; p++)
      kernels_.activate(form_.activation, layer.out, out.row(p), hidden_[l].row(p));
    in = hidden_[l].rows();
  }
  for (int64_t p = 0; p < points && form_.units > 0; p++)
    kernels_.units(form_.activation, form_.units, c.moved, seen_.row(p), weights + c.unit_weight,
                   weights + c.unit_bias, weights + c.unit_out, outputs_.row(p) + c.moved);
}

template <class T>
void CouplingFlow<T>::find_scales(int64_t point, const Coupling &c) {
  const int64_t m = c.moved;
  kernels_.tanh(m, outputs_.row(point), bounded_.data());
  T mean = 0;
  if (form_.kind == CouplingKind::steerable) {
    for (int64_t i = 0; i < m; i++) mean += bounded_[i];
    mean /= static_cast<T>(m);
  }
  for (int64_t i = 0; i < m; i++) scale_[i] = bounded_[i] - mean;
}

template <class T>
void CouplingFlow<T>::transform(int64_t point, const Coupling &c, bool inverse, double *log_det) {
  T *const a = moved_.row(point);
  const T *const outputs = outputs_.row(point), *const shift = outputs + c.moved;
  const int64_t m = c.moved;
  if (form_.kind == CouplingKind::spline) {
    for (int64_t i = 0; i < m; i++)
      *log_det += spline_.map(outputs + i * (3 * form_.bins - 1), inverse, a[i]);
    return;
  }
  find_scales(point, c);
  if (form_.kind == CouplingKind::affine) {
    double sum = 0.0;
    for (int64_t i = 0; i < m; i++) sum += scale_[i];
    *log_det += inverse ? -sum : sum;
  }
  if (inverse) {
    for (int64_t i = 0; i < m; i++) scale_[i] = -scale_[i];
    kernels_.exp(m, scale_.data(), exp_.data());
    for (int64_t i = 0; i < m; i++) a[i] = (a[i] - shift[i]) * exp_[i];
  } else {
    kernels_.exp(m, scale_.data(), exp_.data());
    for (int64_t i = 0; i < m; i++) a[i] = a[i] * exp_[i] + shift[i];
  }
}

template <class T>
void CouplingFlow<T>::couple(int64_t points, const Coupling &c, const CouplingWeights<T> &w,
                             bool inverse, double *log_det) {
  const int64_t *const places = w.places + c.places;
  gather(points, c, places, z_.rows());
  condition(points, c, w.weights);
  for (int64_t p = 0; p < points; p++) {
    transform(p, c, inverse, log_det + p);
    T *const row = z_.row(p);
    for (int64_t i = 0; i < c.moved; i++) row[places[i]] = moved_.row(p)[i];
  }
}

template <class T>
void CouplingFlow<T>::forward(int64_t points, const CouplingWeights<T> &w, double *log_det,
                              T *states) {
  const int64_t width = form_.width;
  const T *const scale = w.weights + layout_.in_scale(), *const shift = scale + width;
  const T *const out_scale = w.weights + layout_.out_scale(), *const out_shift = out_scale + width;
  keep(points, 0, states);
  for (int64_t p = 0; p < points; p++)
    for (int64_t i = 0; i < width; i++) z_.row(p)[i] = scale[i] * z_.row(p)[i] + shift[i];
  keep(points, 1, states);
  for (int64_t c = 0; c < couplings(); c++) {
    couple(points, layout_.couplings()[c], w, false, log_det);
    keep(points, 2 + c, states);
  }
  mix(points, w.weights + layout_.mixing());
  keep(points, 2 + couplings(), states);
  for (int64_t p = 0; p < points; p++)
    for (int64_t i = 0; i < width; i++) z_.row(p)[i] = out_scale[i] * z_.row(p)[i] + out_shift[i];
}

template <class T>
void CouplingFlow<T>::backward(int64_t points, const CouplingWeights<T> &w, double *log_det,
                               T *states) {
  const int64_t width = form_.width;
  const T *const scale = w.weights + layout_.in_scale(), *const shift = scale + width;
  const T *const out_scale = w.weights + layout_.out_scale(), *const out_shift = out_scale + width;
  for (int64_t p = 0; p < points; p++)
    for (int64_t i = 0; i < width; i++) z_.row(p)[i] = (z_.row(p)[i] - out_shift[i]) / out_scale[i];
  keep(points, 2 + couplings(), states);
  mix(points, w.weights + layout_.mixing());
  for (int64_t c = couplings() - 1; c >= 0; c--) {
    keep(points, 2 + c, states);
    couple(points, layout_.couplings()[c], w, true, log_det);
  }
  keep(points, 1, states);
  for (int64_t p = 0; p < points; p++)
    for (int64_t i = 0; i < width; i++) z_.row(p)[i] = (z_.row(p)[i] - shift[i]) / scale[i];
  keep(points, 0, states);
}

template <class T>
void CouplingFlow<T>::map(int64_t points, const T *in, const CouplingWeights<T> &weights,
                          bool inverse, T *out, double *log_det, T *states) {
  const int64_t width = form_.width;
  for (int64_t first = 0; first < points; first += chunk) {
    const int64_t count = std::min(chunk, points - first);
    for (int64_t p = 0; p < count; p++) {
      std::copy_n(in + (first + p) * width, width, z_.row(p));
      log_det[first + p] = 0.0;
    }
    T *const kept = states ? states + first * state_size() : nullptr;
    if (inverse)
      backward(count, weights, log_det + first, kept);
    else
      forward(count, weights, log_det + first, kept);
    for (int64_t p = 0; p < count; p++) std::copy_n(z_.row(p), width, out + (first + p) * width);
  }
}

template class CouplingFlow<double>;
template class CouplingFlow<float>;

} // namespace nflow::operators
