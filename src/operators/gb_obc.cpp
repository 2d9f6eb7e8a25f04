#include "operators/gb_obc.h"

#include <algorithm>
#include <cmath>

namespace nflow::operators {

namespace {

/// What a sphere of radius s at distance r adds to the integral I of an atom of radius `own`, of
/// which it covers the surroundings: the integral of 1/(4 pi x^4) over the sphere without what is
/// inside the atom.
///
/// Its derivative by r has no terms from the limits L = max(own, |r - s|) and U = r + s: they
/// cancel, that of the atom inside the sphere included.
template <bool with_derivative>
double descreening(double r, double per_r, double own, double per_own, double s,
                   double &derivative_per_r) {
  const double upper = r + s;
  if (own >= upper) { // the sphere is inside the atom
    if (with_derivative) derivative_per_r = 0.0;
    return 0.0;
  }
  const double gap = std::fabs(r - s), per_upper = 1.0 / upper;
  const double per_lower = gap > own ? 1.0 / gap : per_own;
  const double squares = per_upper * per_upper - per_lower * per_lower;
  const double logarithm = std::log(per_upper / per_lower), ratio = s * per_r;
  double integral = 0.5 * (per_lower - per_upper + 0.25 * r * (1.0 - ratio * ratio) * squares +
                           0.5 * logarithm * per_r);
  if (s - r > own) integral += per_own - per_lower; // the atom is inside the sphere
  if (with_derivative)
    derivative_per_r =
        0.125 * per_r * ((1.0 + ratio * ratio) * squares - 2.0 * logarithm * per_r * per_r);
  return integral;
}

} // namespace

void GbObc::set(int64_t n, const double *radius, const double *scale, const double *charge,
                const GbObcConstants &constants) {
  n_ = n;
  constants_ = constants;
  radius_.assign(radius, radius + n);
  charge_.assign(charge, charge + n);
  own_.resize(n);
  scaled_.resize(n);
  for (int64_t i = 0; i < n; i++) {
    own_[i] = radius[i] - constants.offset;
    scaled_[i] = scale[i] * own_[i];
  }
  for (auto *numbers : {&integral_, &born_, &born_slope_, &by_born_}) numbers->resize(n);
  const int64_t pairs = n * (n - 1) / 2;
  square_.resize(pairs);
  along_.resize(pairs);
  descreening_.resize(pairs);
}

void GbObc::find_distances(const double *x) {
  double *square = square_.data();
  for (int64_t i = 0; i < n_; i++)
    for (int64_t j = i + 1; j < n_; j++) {
      const double dx = x[3 * i] - x[3 * j], dy = x[3 * i + 1] - x[3 * j + 1],
                   dz = x[3 * i + 2] - x[3 * j + 2];
      *square++ = dx * dx + dy * dy + dz * dz;
    }
}

template <bool with_gradient>
void GbObc::find_integrals() {
  std::fill(integral_.begin(), integral_.end(), 0.0);
  int64_t pair = 0;
  for (int64_t i = 0; i < n_; i++) {
    const double per_own = this->per_own(i);
    double sum = 0.0;
    for (int64_t j = i + 1; j < n_; j++, pair++) {
      const double r = std::sqrt(square_[pair]), per_r = 1.0 / r;
      Derivatives &d = descreening_[pair];
      sum += descreening<with_gradient>(r, per_r, own_[i], per_own, scaled_[j], d.first);
      integral_[j] +=
          descreening<with_gradient>(r, per_r, own_[j], this->per_own(j), scaled_[i], d.second);
    }
    integral_[i] += sum;
  }
}

double GbObc::find_born_radii() {
  const GbObcConstants &c = constants_;
  const double surface = 4.0 * M_PI * c.surface_tension, screening = c.screening();
  double energy = 0.0;
  for (int64_t i = 0; i < n_; i++) {
    const double psi = integral_[i] * own_[i];
    const double tanh = std::tanh(psi * (c.alpha - psi * (c.beta - psi * c.gamma)));
    const double slope = c.alpha - psi * (2.0 * c.beta - 3.0 * psi * c.gamma);
    const double born = 1.0 / (per_own(i) - tanh / radius_[i]);
    born_[i] = born;
    born_slope_[i] = born * born * (1.0 - tanh * tanh) * slope * own_[i] / radius_[i];
    const double alone = -0.5 * screening * charge_[i] * charge_[i] / born;
    const double reach = radius_[i] + c.probe, ratio = radius_[i] / born;
    const double area = surface * reach * reach * std::pow(ratio, 6);
    energy += alone + area;
    by_born_[i] = -(alone + 6.0 * area) / born;
  }
  return energy;
}

/// Of all pairs: -screening q q / f, f^2 = r^2 + D e^{-r^2/4D}, where D is the product of the Born
/// radii.
template <bool with_gradient>
double GbObc::add_pairs() {
  const double screening = constants_.screening();
  double energy = 0.0;
  int64_t pair = 0;
  for (int64_t i = 0; i < n_; i++) {
    const double charge = screening * charge_[i], born = born_[i];
    double sum = 0.0; // of dU/dD B_j
    for (int64_t j = i + 1; j < n_; j++, pair++) {
      const double square = square_[pair], product = born * born_[j];
      const double quarter = 0.25 * square / product, e = std::exp(-quarter);
      const double f2 = square + product * e, per_f = 1.0 / std::sqrt(f2);
      const double size = charge * charge_[j] * per_f;
      energy -= size;
      if (!with_gradient) continue;
      const double slope = size * per_f * per_f; // twice dU/d(f^2)
      along_[pair] = slope * (1.0 - 0.25 * e);
      const double by_product = 0.5 * slope * e * (1.0 + quarter);
      sum += by_product * born_[j];
      by_born_[j] += by_product * born;
    }
    by_born_[i] += sum;
  }
  return energy;
}

void GbObc::add_forces(const double *x, double *gradient) {
  std::fill(gradient, gradient + 3 * n_, 0.0);
  for (int64_t i = 0; i < n_; i++) by_born_[i] *= born_slope_[i]; // now dU/dI
  int64_t pair = 0;
  for (int64_t i = 0; i < n_; i++) {
    double sum[3] = {0.0, 0.0, 0.0};
    for (int64_t j = i + 1; j < n_; j++, pair++) {
      const Derivatives &d = descreening_[pair];
      const double size = along_[pair] + by_born_[i] * d.first + by_born_[j] * d.second;
      for (int k = 0; k < 3; k++) {
        const double part = size * (x[3 * i + k] - x[3 * j + k]);
        sum[k] += part;
        gradient[3 * j + k] -= part;
      }
    }
    for (int k = 0; k < 3; k++) gradient[3 * i + k] += sum[k];
  }
}

double GbObc::energy(const double *x, double *gradient) {
  find_distances(x);
  if (!gradient) {
    find_integrals<false>();
    const double alone = find_born_radii();
    return alone + add_pairs<false>();
  }
  find_integrals<true>();
  const double alone = find_born_radii();
  const double pairs = add_pairs<true>();
  add_forces(x, gradient);
  return alone + pairs;
}

} // namespace nflow::operators
