#include "operators/kick_drift.h"

#include <algorithm>

namespace nflow::operators {

namespace {

template <class T>
std::vector<T> cutoffs(const KickDriftParameters<T> &p) {
  std::vector<T> values(p.sigma, p.sigma + p.species_count * p.species_count);
  for (T &value : values) value *= static_cast<T>(p.cutoff);
  return values;
}

} // namespace

template <class T, int D>
KickDrift<T, D>::KickDrift(const KickDriftParameters<T> &p)
    : p_(p), force_law_(p.cutoff, std::max<int64_t>(p.spline_size, 1)),
      finder_(p.n, p.box, p.species, p.species_count, cutoffs(p).data()),
      padded_(p.layers * p.pairs() * force_law_.padded_size()), sorted_(p.n * D), weights_(p.n * D),
      sorted_weights_(p.n * D), kick_(p.n * D),
      spline_gradient_(p.pairs() * force_law_.padded_size()) {
  const int64_t s = p.species_count;
  for (int64_t a = 0; a < s; a++)
    for (int64_t b = 0; b < s; b++) {
      const T sigma = p.sigma[a * s + b], cutoff = static_cast<T>(p.cutoff) * sigma;
      laws_.push_back({sigma, T(1) / sigma, cutoff * cutoff, T(4) * p.epsilon[a * s + b] / sigma,
                       pair_number(a, b, s)});
    }
  if (p.spline_size > 0)
    for (int64_t i = 0; i < p.layers * p.pairs(); i++)
      force_law_.pad(p.splines + i * p.spline_size, &padded_[i * force_law_.padded_size()]);
}

template <class T, int D>
void KickDrift<T, D>::collect(const T *sorted, T *f) const {
  for (int64_t a = 0; a < p_.n; a++)
    for (int k = 0; k < D; k++) f[finder_.original(a) * D + k] = sorted[a * D + k];
}

template <class T, int D>
void KickDrift<T, D>::force(int64_t layer, const T *x, const bool *mask, T *f) {
  finder_.place(x);
  std::fill(sorted_.begin(), sorted_.end(), T(0));
  const T *strength = p_.strength + layer * p_.pairs();
  const bool with_splines = p_.spline_size > 0;
  T *sorted = sorted_.data();
  const auto kick = [&](const Pair<T, D> &pair, bool both) {
    const Law &law = laws_[finder_.species(pair.a) * p_.species_count + finder_.species(pair.b)];
    if (!(pair.r2 < law.cutoff2) || !(pair.r2 > T(0))) return;
    const T per_r = T(1) / std::sqrt(pair.r2), y = law.sigma * per_r;
    const T inverse = pair.r2 * per_r * law.per_sigma;
    T size = strength[law.pair] * law.scale * force_law_.base(y, inverse);
    if (with_splines) size += PairForce<T>::dot(force_law_.basis(y), padded(layer, law.pair));
    size *= per_r;
    for (int k = 0; k < D; k++) sorted[pair.a * D + k] += size * pair.d[k];
    if (both)
      for (int k = 0; k < D; k++) sorted[pair.b * D + k] -= size * pair.d[k];
  };
  if (mask)
    finder_.each_partner(mask, [&](const Pair<T, D> &pair) { kick(pair, false); });
  else
    finder_.each_pair([&](const Pair<T, D> &pair) { kick(pair, true); });
  collect(sorted, f);
}

template <class T, int D>
void KickDrift<T, D>::lennard_jones(const T *x, T *f) {
  finder_.place(x);
  std::fill(sorted_.begin(), sorted_.end(), T(0));
  finder_.each_pair([&](const Pair<T, D> &pair) {
    const Law &law = laws_[finder_.species(pair.a) * p_.species_count + finder_.species(pair.b)];
    if (!(pair.r2 < law.cutoff2)) return;
    const T per_r2 = T(1) / pair.r2, y2 = law.sigma * law.sigma * per_r2, y6 = y2 * y2 * y2;
    const T size = law.scale * law.sigma * T(6) * y6 * (T(2) * y6 - T(1)) * per_r2;
    for (int k = 0; k < D; k++) {
      sorted_[pair.a * D + k] += size * pair.d[k];
      sorted_[pair.b * D + k] -= size * pair.d[k];
    }
  });
  collect(sorted_.data(), f);
}

template <class T, int D>
void KickDrift<T, D>::pull_back_force(int64_t layer, const T *x, const T *w, T *gx, T *strength) {
  finder_.place(x);
  std::fill(sorted_.begin(), sorted_.end(), T(0));
  for (int64_t a = 0; a < p_.n; a++)
    for (int k = 0; k < D; k++) sorted_weights_[a * D + k] = w[finder_.original(a) * D + k];
  const T *layer_strength = p_.strength + layer * p_.pairs();
  const int64_t row = force_law_.padded_size();
  finder_.each_pair([&](const Pair<T, D> &pair) {
    const Law &law = laws_[finder_.species(pair.a) * p_.species_count + finder_.species(pair.b)];
    if (!(pair.r2 < law.cutoff2) || !(pair.r2 > T(0))) return;
    const T per_r = T(1) / std::sqrt(pair.r2), y = law.sigma * per_r;
    const T inverse = pair.r2 * per_r * law.per_sigma;
    T difference[D], along = 0; // w_a - w_b, and its part along the pair
    for (int k = 0; k < D; k++) {
      difference[k] = sorted_weights_[pair.a * D + k] - sorted_weights_[pair.b * D + k];
      along += difference[k] * pair.d[k];
    }
    along *= per_r;
    const T base = law.scale * force_law_.base(y, inverse);
    strength[law.pair] += along * base;
    T size = layer_strength[law.pair] * base;
    T slope = layer_strength[law.pair] * law.scale * force_law_.base_slope(y, inverse); // by y
    if (p_.spline_size > 0) {
      const auto basis = force_law_.basis(y);
      size += PairForce<T>::dot(basis, padded(layer, law.pair));
      slope += PairForce<T>::dot(force_law_.basis_slope(y), padded(layer, law.pair));
      T *gradient = &spline_gradient_[law.pair * row + basis.first];
      for (int i = 0; i < 4; i++) gradient[i] += along * basis.value[i];
    }
    // d(F along)/dd = (F/r) (w_a - w_b) + (dF/dr - F/r) along d/r, with dF/dr = -(y/r) dF/dy.
    const T of_difference = size * per_r;
    const T of_d = -(slope * y + size) * per_r * along * per_r;
    for (int k = 0; k < D; k++) {
      const T g = of_difference * difference[k] + of_d * pair.d[k];
      sorted_[pair.a * D + k] += g;
      sorted_[pair.b * D + k] -= g;
    }
  });
  for (int64_t a = 0; a < p_.n; a++)
    for (int k = 0; k < D; k++) gx[finder_.original(a) * D + k] += sorted_[a * D + k];
}

template <class T, int D>
void KickDrift<T, D>::add_splines(T *splines) {
  const int64_t row = force_law_.padded_size();
  for (int64_t pair = 0; pair < p_.pairs(); pair++)
    for (int64_t i = 0; i < p_.spline_size; i++)
      splines[pair * p_.spline_size + i] += spline_gradient_[pair * row + 3 + i];
  std::fill(spline_gradient_.begin(), spline_gradient_.end(), T(0));
}

template <class T, int D>
void KickDrift<T, D>::drift(T *x, const T *p, const T *step, T sign, const bool *mask) const {
  for (int64_t i = 0; i < p_.n; i++) {
    if (mask && !mask[i]) continue;
    const T s = sign * step[p_.species[i]];
    for (int k = 0; k < D; k++) x[i * D + k] += s * p[i * D + k];
  }
}

template <class T, int D>
void KickDrift<T, D>::forward(T *x, T *p, const bool *mask, T *states) {
  const int64_t m = p_.n * D, s = p_.species_count;
  drift(x, p, p_.first_drift, T(1), mask);
  for (int64_t layer = 0; layer < p_.layers; layer++) {
    if (states) std::copy(x, x + m, states + 2 * layer * m);
    if (states) std::copy(p, p + m, states + (2 * layer + 1) * m);
    force(layer, x, mask, kick_.data());
    for (int64_t i = 0; i < p_.n; i++) {
      if (mask && !mask[i]) continue;
      const T damping = p_.damping[layer * s + p_.species[i]];
      for (int64_t k = i * D; k < (i + 1) * D; k++) p[k] = damping * p[k] + kick_[k];
    }
    drift(x, p, p_.drift + layer * s, T(1), mask);
  }
  if (states) std::copy(p, p + m, states + (2 * p_.layers + 1) * m);
  for (int64_t i = 0; i < p_.n; i++)
    if (!mask || mask[i])
      for (int64_t k = i * D; k < (i + 1) * D; k++) p[k] *= p_.last_scale[p_.species[i]];
}

template <class T, int D>
void KickDrift<T, D>::backward(T *x, T *p, const bool *mask, T *states) {
  const int64_t m = p_.n * D, s = p_.species_count;
  for (int64_t i = 0; i < p_.n; i++)
    if (!mask || mask[i])
      for (int64_t k = i * D; k < (i + 1) * D; k++) p[k] /= p_.last_scale[p_.species[i]];
  if (states) std::copy(p, p + m, states + (2 * p_.layers + 1) * m);
  for (int64_t layer = p_.layers; layer-- > 0;) {
    drift(x, p, p_.drift + layer * s, T(-1), mask);
    force(layer, x, mask, kick_.data());
    for (int64_t i = 0; i < p_.n; i++) {
      if (mask && !mask[i]) continue;
      const T damping = p_.damping[layer * s + p_.species[i]];
      for (int64_t k = i * D; k < (i + 1) * D; k++) p[k] = (p[k] - kick_[k]) / damping;
    }
    if (states) std::copy(x, x + m, states + 2 * layer * m);
    if (states) std::copy(p, p + m, states + (2 * layer + 1) * m);
  }
  drift(x, p, p_.first_drift, T(-1), mask);
}

template <class T, int D>
void KickDrift<T, D>::map(const T *in, T *out, const bool *mask, bool inverse, T *states) {
  const int64_t m = p_.n * D;
  std::copy(in, in + 2 * m, out);
  if (inverse)
    backward(out, out + m, mask, states);
  else
    forward(out, out + m, mask, states);
}

/// Of x' = x + sign s p: gp and the gradient of s from gx.
template <class T, int D>
void KickDrift<T, D>::pull_back_drift(const T *p, const T *gx, T *gp, const T *step, T sign,
                                      const bool *mask, T *gradient) const {
  for (int64_t i = 0; i < p_.n; i++) {
    if (mask && !mask[i]) continue;
    const T s = sign * step[p_.species[i]];
    T sum = 0;
    for (int64_t k = i * D; k < (i + 1) * D; k++) {
      sum += gx[k] * p[k];
      gp[k] += s * gx[k];
    }
    gradient[p_.species[i]] += sign * sum;
  }
}

template <class T, int D>
void KickDrift<T, D>::masked_weights(const T *gp, const bool *mask, T sign) {
  for (int64_t i = 0; i < p_.n; i++)
    for (int64_t k = i * D; k < (i + 1) * D; k++)
      weights_[k] = mask && !mask[i] ? T(0) : sign * gp[k];
}

template <class T, int D>
void KickDrift<T, D>::pull_back_forward(const T *states, T *gx, T *gp, const bool *mask,
                                        const KickDriftGradients<T> &g) {
  const int64_t m = p_.n * D, s = p_.species_count;
  const T *last = states + (2 * p_.layers + 1) * m;
  for (int64_t i = 0; i < p_.n; i++) {
    if (mask && !mask[i]) continue;
    for (int64_t k = i * D; k < (i + 1) * D; k++) {
      g.last_scale[p_.species[i]] += gp[k] * last[k];
      gp[k] *= p_.last_scale[p_.species[i]];
    }
  }
  for (int64_t layer = p_.layers; layer-- > 0;) {
    const T *x = states + 2 * layer * m, *p = x + m, *p_after = p + 2 * m;
    pull_back_drift(p_after, gx, gp, p_.drift + layer * s, T(1), mask, g.drift + layer * s);
    masked_weights(gp, mask, T(1));
    pull_back_force(layer, x, weights_.data(), gx, g.strength + layer * p_.pairs());
    if (p_.spline_size > 0) add_splines(g.splines + layer * p_.pairs() * p_.spline_size);
    for (int64_t i = 0; i < p_.n; i++) {
      if (mask && !mask[i]) continue;
      const int64_t place = layer * s + p_.species[i];
      for (int64_t k = i * D; k < (i + 1) * D; k++) {
        g.damping[place] += gp[k] * p[k];
        gp[k] *= p_.damping[place];
      }
    }
  }
  pull_back_drift(states + m, gx, gp, p_.first_drift, T(1), mask, g.first_drift);
}

template <class T, int D>
void KickDrift<T, D>::pull_back_inverse(const T *states, T *gx, T *gp, const bool *mask,
                                        const KickDriftGradients<T> &g) {
  const int64_t m = p_.n * D, s = p_.species_count;
  pull_back_drift(states + m, gx, gp, p_.first_drift, T(-1), mask, g.first_drift);
  for (int64_t layer = 0; layer < p_.layers; layer++) {
    const T *x = states + 2 * layer * m, *p = x + m, *p_after = p + 2 * m;
    for (int64_t i = 0; i < p_.n; i++) {
      if (mask && !mask[i]) continue;
      const int64_t place = layer * s + p_.species[i];
      for (int64_t k = i * D; k < (i + 1) * D; k++) {
        gp[k] /= p_.damping[place];
        g.damping[place] -= gp[k] * p[k];
      }
    }
    masked_weights(gp, mask, T(-1));
    pull_back_force(layer, x, weights_.data(), gx, g.strength + layer * p_.pairs());
    if (p_.spline_size > 0) add_splines(g.splines + layer * p_.pairs() * p_.spline_size);
    pull_back_drift(p_after, gx, gp, p_.drift + layer * s, T(-1), mask, g.drift + layer * s);
  }
  const T *last = states + (2 * p_.layers + 1) * m;
  for (int64_t i = 0; i < p_.n; i++) {
    if (mask && !mask[i]) continue;
    for (int64_t k = i * D; k < (i + 1) * D; k++) {
      gp[k] /= p_.last_scale[p_.species[i]];
      g.last_scale[p_.species[i]] -= gp[k] * last[k];
    }
  }
}

template <class T, int D>
void KickDrift<T, D>::pull_back(const T *states, const T *gradient_out, T *gradient_in,
                                const bool *mask, bool inverse,
                                const KickDriftGradients<T> &gradients) {
  const int64_t m = p_.n * D;
  std::copy(gradient_out, gradient_out + 2 * m, gradient_in);
  if (inverse)
    pull_back_inverse(states, gradient_in, gradient_in + m, mask, gradients);
  else
    pull_back_forward(states, gradient_in, gradient_in + m, mask, gradients);
}

template class KickDrift<double, 2>;
template class KickDrift<double, 3>;
template class KickDrift<float, 2>;
template class KickDrift<float, 3>;

} // namespace nflow::operators
