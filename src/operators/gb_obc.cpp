#include "operators/gb_obc.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nflow::operators {

void GbObc::set(int64_t n, const double *radius, const double *scale, const double *charge,
                const GbObcConstants &constants) {
  constants_ = constants;
  const int64_t length = n + gb_padding, pairs = n * (n - 1) / 2 + n * gb_padding;
  constexpr int64_t lists = 12, pair_lists = 4;
  atoms_.resize(lists * length);
  pairs_.resize(pair_lists * pairs);
  born_slope_.resize(n);
  radius_.assign(radius, radius + n);
  double *next = atoms_.data();
  const auto list = [&](int64_t count = 1) { return std::exchange(next, next + count * length); };
  x_ = list(3);
  own_ = list();
  scaled_ = list();
  charge_ = list();
  pointers_.n = n;
  pointers_.screening = constants.screening();
  pointers_.x = x_;
  pointers_.y = x_ + length;
  pointers_.z = x_ + 2 * length;
  pointers_.own = own_;
  pointers_.scaled = scaled_;
  pointers_.charge = charge_;
  pointers_.integral = list();
  pointers_.born = list();
  pointers_.by_atom = list();
  pointers_.force = list(3);
  double **of_pairs[] = {&pointers_.square, &pointers_.along, &pointers_.first, &pointers_.second};
  for (int64_t k = 0; k < pair_lists; k++) *of_pairs[k] = pairs_.data() + k * pairs;
  take_atoms(scale, charge);
}

/// And behind them those that are none.
void GbObc::take_atoms(const double *scale, const double *charge) {
  const int64_t n = pointers_.n, length = n + gb_padding;
  for (int64_t i = 0; i < n; i++) {
    own_[i] = radius_[i] - constants_.offset;
    scaled_[i] = scale[i] * own_[i];
    charge_[i] = charge[i];
  }
  // What is so far from any radius covers nothing, to the last bit.
  std::fill(own_ + n, own_ + length, 1.0);
  std::fill(scaled_ + n, scaled_ + length, -1e30);
  std::fill(charge_ + n, charge_ + length, 0.0);
  std::fill(pointers_.born + n, pointers_.born + length, 1.0);
}

/// Those that are none stand beside the molecule.
void GbObc::place(const double *x) {
  const int64_t n = pointers_.n, length = n + gb_padding;
  for (int64_t k = 0; k < 3; k++) {
    double *list = x_ + k * length, largest = x[k];
    for (int64_t i = 0; i < n; i++) {
      list[i] = x[3 * i + k];
      largest = std::max(largest, list[i]);
    }
    std::fill(list + n, list + length, largest + 1.0);
  }
}

double GbObc::find_born_radii() {
  const GbObcConstants &c = constants_;
  const double surface = 4.0 * M_PI * c.surface_tension, screening = c.screening();
  double energy = 0.0;
  for (int64_t i = 0; i < pointers_.n; i++) {
    const double radius = radius_[i], psi = pointers_.integral[i] * own_[i];
    const double tanh = std::tanh(psi * (c.alpha - psi * (c.beta - psi * c.gamma)));
    const double slope = c.alpha - psi * (2.0 * c.beta - 3.0 * psi * c.gamma);
    const double born = 1.0 / (1.0 / own_[i] - tanh / radius);
    pointers_.born[i] = born;
    born_slope_[i] = born * born * (1.0 - tanh * tanh) * slope * own_[i] / radius;
    const double alone = -0.5 * screening * charge_[i] * charge_[i] / born;
    const double reach = radius + c.probe, ratio = radius / born, ratio3 = ratio * ratio * ratio;
    const double area = surface * reach * reach * ratio3 * ratio3;
    energy += alone + area;
    pointers_.by_atom[i] = -(alone + 6.0 * area) / born;
  }
  std::fill_n(pointers_.by_atom + pointers_.n, gb_padding, 0.0);
  return energy;
}

double GbObc::energy(const double *x, double *gradient) {
  place(x);
  kernels_.integrals(pointers_, gradient != nullptr);
  const double alone = find_born_radii();
  const double pairs = kernels_.pairs(pointers_, gradient != nullptr);
  if (gradient) {
    for (int64_t i = 0; i < pointers_.n; i++) pointers_.by_atom[i] *= born_slope_[i]; // now dU/dI
    kernels_.forces(pointers_, gradient);
  }
  return alone + pairs;
}

} // namespace nflow::operators
