// Compiled once for each instruction set (CMakeLists.txt), which NFLOW_ISA names.
#include "operators/gb_obc_kernels.h"

#include <xsimd/xsimd.hpp>

namespace nflow::operators {

namespace {

using Batch = xsimd::batch<double>;

constexpr int64_t lanes = static_cast<int64_t>(Batch::size);
static_assert(lanes <= gb_padding, "rows are padded for the longest registers");

Batch load(const double *p) {
  return Batch::load_unaligned(p);
}
void store(double *p, const Batch &b) {
  b.store_unaligned(p);
}
double sum_of(const Batch &b) {
  double numbers[lanes], sum = 0.0;
  store(numbers, b);
  for (int64_t k = 0; k < lanes; k++) sum += numbers[k];
  return sum;
}

/// Numbers of row i with its padding.
int64_t row_size(int64_t n, int64_t i) {
  return (n - 1 - i + gb_padding - 1) / gb_padding * gb_padding;
}
/// Calls work(j, place) for each register of row i, which begins at `place`.
template <class Work>
void each_register(int64_t n, int64_t i, int64_t place, Work &&work) {
  for (int64_t j = i + 1; j < n; j += lanes, place += lanes) work(j, place);
}

/// What a sphere of radius s at distance r adds to the integral I of an atom of radius `own`, of
/// which it covers the surroundings: the integral of 1/(4 pi x^4) over the sphere without what is
/// inside the atom.
///
/// Its derivative by r has no terms from the limits L = max(own, |r - s|) and U = r + s: they
/// cancel, that of the atom inside the sphere included.
template <bool with_derivative>
Batch descreening(const Batch &r, const Batch &per_r, const Batch &own, const Batch &s,
                  Batch &derivative_per_r) {
  const Batch none(0.0), half(0.5), quarter(0.25);
  const Batch upper = r + s, gap = xsimd::abs(r - s);
  const Batch lower = xsimd::select(gap > own, gap, own), per_both = Batch(1.0) / (lower * upper);
  const Batch per_upper = per_both * lower, per_lower = per_both * upper;
  const Batch squares = per_upper * per_upper - per_lower * per_lower;
  const Batch logarithm = xsimd::log(lower * per_upper), ratio = s * per_r;
  const auto covered = own < upper; // or the sphere is inside the atom
  const auto swallowed = s - r > own;
  const Batch inside = xsimd::select(swallowed, Batch(1.0) / own - per_lower, none);
  const Batch integral = inside + half * (per_lower - per_upper +
                                          quarter * r * (Batch(1.0) - ratio * ratio) * squares +
                                          half * logarithm * per_r);
  if (with_derivative)
    derivative_per_r = xsimd::select(
        covered,
        Batch(0.125) * per_r *
            ((Batch(1.0) + ratio * ratio) * squares - Batch(2.0) * logarithm * per_r * per_r),
        none);
  return xsimd::select(covered, integral, none);
}

template <bool with_gradient>
void integrals(const GbPairs &p) {
  for (int64_t i = 0; i < p.n + gb_padding; i++) p.integral[i] = 0.0;
  int64_t place = 0;
  for (int64_t i = 0; i < p.n; place += row_size(p.n, i++)) {
    const Batch own(p.own[i]), scaled(p.scaled[i]), x(p.x[i]), y(p.y[i]), z(p.z[i]);
    Batch sum(0.0);
    each_register(p.n, i, place, [&](int64_t j, int64_t at) {
      const Batch dx = x - load(p.x + j), dy = y - load(p.y + j), dz = z - load(p.z + j);
      const Batch square = dx * dx + dy * dy + dz * dz;
      const Batch r = xsimd::sqrt(square), per_r = Batch(1.0) / r;
      store(p.square + at, square);
      Batch first(0.0), second(0.0);
      sum += descreening<with_gradient>(r, per_r, own, load(p.scaled + j), first);
      const Batch other = descreening<with_gradient>(r, per_r, load(p.own + j), scaled, second);
      store(p.integral + j, load(p.integral + j) + other);
      if (!with_gradient) return;
      store(p.first + at, first);
      store(p.second + at, second);
    });
    p.integral[i] += sum_of(sum);
  }
}

/// -q q / f with f^2 = r^2 + D e^{-r^2/4D}, where D is the product of the Born radii.
template <bool with_gradient>
double pairs(const GbPairs &p) {
  Batch energy(0.0);
  int64_t place = 0;
  for (int64_t i = 0; i < p.n; place += row_size(p.n, i++)) {
    const Batch charge(p.charge[i] * p.screening), own_born(p.born[i]);
    Batch sum(0.0); // of dU/dD B_j
    each_register(p.n, i, place, [&](int64_t j, int64_t at) {
      const Batch square = load(p.square + at), born = load(p.born + j), product = own_born * born;
      const Batch quarter = Batch(0.25) * square / product, e = xsimd::exp(-quarter);
      const Batch per_f2 = Batch(1.0) / (square + product * e);
      const Batch size = charge * load(p.charge + j) * xsimd::sqrt(per_f2);
      energy -= size;
      if (!with_gradient) return;
      const Batch slope = size * per_f2; // twice dU/d(f^2)
      store(p.along + at, slope * (Batch(1.0) - Batch(0.25) * e));
      const Batch by_product = Batch(0.5) * slope * e * (Batch(1.0) + quarter);
      sum += by_product * born;
      store(p.by_atom + j, load(p.by_atom + j) + by_product * own_born);
    });
    if (with_gradient) p.by_atom[i] += sum_of(sum);
  }
  return sum_of(energy);
}

void forces(const GbPairs &p, double *gradient) {
  for (int64_t k = 0; k < 3 * (p.n + gb_padding); k++) p.force[k] = 0.0;
  double *const fx = p.force, *const fy = fx + p.n + gb_padding, *const fz = fy + p.n + gb_padding;
  const auto subtract = [](double *at, const Batch &b) { store(at, load(at) - b); };
  int64_t place = 0;
  for (int64_t i = 0; i < p.n; place += row_size(p.n, i++)) {
    const Batch by_own(p.by_atom[i]), x(p.x[i]), y(p.y[i]), z(p.z[i]);
    Batch sx(0.0), sy(0.0), sz(0.0);
    each_register(p.n, i, place, [&](int64_t j, int64_t at) {
      const Batch size = load(p.along + at) + by_own * load(p.first + at) +
                         load(p.by_atom + j) * load(p.second + at);
      const Batch gx = size * (x - load(p.x + j)), gy = size * (y - load(p.y + j)),
                  gz = size * (z - load(p.z + j));
      sx += gx;
      sy += gy;
      sz += gz;
      subtract(fx + j, gx);
      subtract(fy + j, gy);
      subtract(fz + j, gz);
    });
    gradient[3 * i] = fx[i] + sum_of(sx);
    gradient[3 * i + 1] = fy[i] + sum_of(sy);
    gradient[3 * i + 2] = fz[i] + sum_of(sz);
  }
}

const GbObcKernels table{xsimd::default_arch::name(),
                         [](const GbPairs &p, bool with_gradient) {
                           with_gradient ? integrals<true>(p) : integrals<false>(p);
                         },
                         [](const GbPairs &p, bool with_gradient) {
                           return with_gradient ? pairs<true>(p) : pairs<false>(p);
                         },
                         forces};

} // namespace

namespace gb {
const GbObcKernels &NFLOW_ISA() {
  return table;
}
} // namespace gb

} // namespace nflow::operators
