// Compiled once for each instruction set (CMakeLists.txt), which NFLOW_ISA names.
#include "operators/coupling_kernels.h"

#include <xsimd/xsimd.hpp>

namespace nflow::operators {

namespace {

template <class T>
using Batch = xsimd::batch<T>;

template <class T>
constexpr int64_t lanes = static_cast<int64_t>(Batch<T>::size);
static_assert(lanes<float> <= coupling_padding, "rows are padded for the longest registers");

template <class T>
Batch<T> load(const T *p) {
  return Batch<T>::load_unaligned(p);
}

template <class T>
Batch<T> tanh_of(const Batch<T> &x) {
  // To rounding of 1, which is what it is added to; and to the same bits whatever is beside it.
  return Batch<T>(1) - Batch<T>(2) / (Batch<T>(1) + xsimd::exp(x + x));
}
template <class T>
Batch<T> logistic(const Batch<T> &x) {
  return Batch<T>(1) / (Batch<T>(1) + xsimd::exp(-x));
}

template <Activation activation, class T>
Batch<T> activated(const Batch<T> &z) {
  if constexpr (activation == Activation::tanh)
    return tanh_of(z);
  else if constexpr (activation == Activation::silu)
    return z * logistic(z);
  else
    return xsimd::select(z < Batch<T>(0), Batch<T>(0), z); // NaN stays
}
template <Activation activation, class T>
Batch<T> slope(const Batch<T> &z, const Batch<T> &h) {
  if constexpr (activation == Activation::tanh) {
    return Batch<T>(1) - h * h;
  } else if constexpr (activation == Activation::silu) {
    const Batch<T> s = logistic(z);
    return s + h * (Batch<T>(1) - s);
  } else {
    return xsimd::select(z > Batch<T>(0), Batch<T>(1), Batch<T>(0));
  }
}

/// Calls work() with the activation as a constant.
template <class Work>
void with(Activation activation, Work &&work) {
  if (activation == Activation::tanh)
    work(std::integral_constant<Activation, Activation::tanh>());
  else if (activation == Activation::silu)
    work(std::integral_constant<Activation, Activation::silu>());
  else
    work(std::integral_constant<Activation, Activation::relu>());
}

/// P points and J registers of outputs.
template <int P, int J, class T>
void layer_tile(int64_t in, int64_t out, Rows<T> x, const T *w, const T *b, Rows<T> y) {
  Batch<T> sum[P][J];
  for (int j = 0; j < J; j++)
    for (int p = 0; p < P; p++) sum[p][j] = load(b + j * lanes<T>);
  for (int64_t i = 0; i < in; i++) {
    Batch<T> row[J];
    for (int j = 0; j < J; j++) row[j] = load(w + i * out + j * lanes<T>);
    for (int p = 0; p < P; p++) {
      const Batch<T> c(x.row(p)[i]);
      for (int j = 0; j < J; j++) sum[p][j] = xsimd::fma(c, row[j], sum[p][j]);
    }
  }
  for (int p = 0; p < P; p++)
    for (int j = 0; j < J; j++) sum[p][j].store_unaligned(y.row(p) + j * lanes<T>);
}

template <int P, int J, class T>
int64_t layer_blocks(int64_t begin, int64_t in, int64_t out, Rows<T> x, const T *w, const T *b,
                     Rows<T> y) {
  for (; begin + (J - 1) * lanes<T> < out; begin += J * lanes<T>)
    layer_tile<P, J>(in, out, x, w + begin, b + begin, {y.first + begin, y.stride});
  return begin;
}

#ifdef __AVX512F__
constexpr int wide = 4; // registers of outputs for four points: of 32
#else
constexpr int wide = 2; // of 16
#endif

template <class T>
void layer(int64_t points, int64_t in, int64_t out, Rows<T> x, const T *w, const T *b, Rows<T> y) {
  int64_t p = 0;
  const auto from = [](Rows<T> rows, int64_t point) {
    return Rows<T>{rows.row(point), rows.stride};
  };
  for (; p + 4 <= points; p += 4) {
    int64_t j = layer_blocks<4, wide>(0, in, out, from(x, p), w, b, from(y, p));
    layer_blocks<4, 1>(j, in, out, from(x, p), w, b, from(y, p));
  }
  for (; p < points; p++) {
    int64_t j = layer_blocks<1, 8>(0, in, out, from(x, p), w, b, from(y, p));
    j = layer_blocks<1, 4>(j, in, out, from(x, p), w, b, from(y, p));
    layer_blocks<1, 1>(j, in, out, from(x, p), w, b, from(y, p));
  }
}

/// gw of I inputs. Rows in ascending order: what is beyond the end of one belongs to the next, and
/// zero is added to it.
template <int I, class T>
void weights_tile(int64_t points, int64_t out, Rows<T> x, Rows<T> g, T *gw) {
  for (int64_t j = 0; j < out; j += lanes<T>) {
    Batch<T> sum[I];
    for (int i = 0; i < I; i++) sum[i] = Batch<T>(0);
    for (int64_t p = 0; p < points; p++) {
      const Batch<T> part = load(g.row(p) + j);
      for (int i = 0; i < I; i++) sum[i] = xsimd::fma(Batch<T>(x.row(p)[i]), part, sum[i]);
    }
    for (int i = 0; i < I; i++) {
      T *const place = gw + i * out + j;
      (load(place) + sum[i]).store_unaligned(place);
    }
  }
}

template <class T>
void layer_pull_back(int64_t points, int64_t in, int64_t out, Rows<T> x, const T *w, Rows<T> g,
                     Rows<T> gx, T *gw, T *gb, T *work) {
  for (int64_t p = 0; p < points; p++)
    for (int64_t j = 0; j < out; j += lanes<T>)
      (load(gb + j) + load(g.row(p) + j)).store_unaligned(gb + j);
  int64_t i = 0;
  for (; i + 4 <= in; i += 4)
    weights_tile<4>(points, out, {x.first + i, x.stride}, g, gw + i * out);
  for (; i < in; i++) weights_tile<1>(points, out, {x.first + i, x.stride}, g, gw + i * out);
  // A layer by the transposed matrix, made once for all points.
  T *const none = work + in * out + coupling_padding;
  for (i = 0; i < in; i++) {
    none[i] = 0;
    for (int64_t j = 0; j < out; j++) work[j * in + i] = w[i * out + j];
  }
  layer<T>(points, out, in, g, work, none, gx);
}

template <class T>
void activate(Activation activation, int64_t count, const T *z, T *h) {
  with(activation, [&](auto kind) {
    for (int64_t j = 0; j < count; j += lanes<T>)
      activated<kind.value>(load(z + j)).store_unaligned(h + j);
  });
}

template <class T>
void activate_pull_back(Activation activation, int64_t count, const T *z, const T *h, T *g) {
  with(activation, [&](auto kind) {
    for (int64_t j = 0; j < count; j += lanes<T>)
      (load(g + j) * slope<kind.value>(load(z + j), load(h + j))).store_unaligned(g + j);
  });
}

template <class T>
void units(Activation activation, int64_t units, int64_t count, const T *c, const T *w, const T *b,
           const T *factor, T *y) {
  with(activation, [&](auto kind) {
    for (int64_t j = 0; j < count; j += lanes<T>) {
      const Batch<T> seen = load(c + j);
      Batch<T> sum = load(y + j);
      for (int64_t k = 0; k < units; k++) {
        const int64_t at = k * count + j;
        const auto h = activated<kind.value>(xsimd::fma(load(w + at), seen, load(b + at)));
        sum = xsimd::fma(load(factor + at), h, sum);
      }
      sum.store_unaligned(y + j);
    }
  });
}

template <class T>
void units_pull_back(Activation activation, int64_t units, int64_t count, const T *c, const T *w,
                     const T *b, const T *factor, const T *g, T *gc, T *gw, T *gb, T *gfactor) {
  const auto add = [](T *place, const Batch<T> &value) {
    (load(place) + value).store_unaligned(place);
  };
  with(activation, [&](auto kind) {
    for (int64_t j = 0; j < count; j += lanes<T>) {
      const Batch<T> seen = load(c + j), by_y = load(g + j);
      Batch<T> by_c = load(gc + j);
      for (int64_t k = 0; k < units; k++) {
        const int64_t at = k * count + j;
        const Batch<T> weight = load(w + at);
        const Batch<T> z = xsimd::fma(weight, seen, load(b + at)), h = activated<kind.value>(z);
        const Batch<T> by_z = by_y * load(factor + at) * slope<kind.value>(z, h);
        by_c = xsimd::fma(by_z, weight, by_c);
        add(gfactor + at, by_y * h);
        add(gw + at, by_z * seen);
        add(gb + at, by_z);
      }
      by_c.store_unaligned(gc + j);
    }
  });
}

template <class T>
void tanh(int64_t count, const T *x, T *y) {
  for (int64_t j = 0; j < count; j += lanes<T>) tanh_of(load(x + j)).store_unaligned(y + j);
}

template <class T>
void exp(int64_t count, const T *x, T *y) {
  for (int64_t j = 0; j < count; j += lanes<T>) xsimd::exp(load(x + j)).store_unaligned(y + j);
}

template <class T>
const CouplingKernels<T> table{xsimd::default_arch::name(),
                               layer<T>,
                               layer_pull_back<T>,
                               activate<T>,
                               activate_pull_back<T>,
                               units<T>,
                               units_pull_back<T>,
                               tanh<T>,
                               exp<T>};

} // namespace

const CouplingKernels<double> &NFLOW_ISA(double) {
  return table<double>;
}
const CouplingKernels<float> &NFLOW_ISA(float) {
  return table<float>;
}

} // namespace nflow::operators
