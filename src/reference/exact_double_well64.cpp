#include "reference/exact_double_well64.h"

#include "base/error.h"
#include "reference/multi_well.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace nflow::reference {

namespace {

constexpr double harmonic = 62.0; // coordinates
// exp(-exponent) is nothing beside the maximum.
constexpr double vanished = 60.0;

/// A square [-reach, reach]^2 outside of which the Boltzmann factor has vanished: there U is at
/// least 2 (R^4 / 2 - 6 R^2) - 2 R + 18 for R^2 = x^2 + y^2, and it is below 18.6 at the origin.
double reach_of(double temperature) {
  double reach = 4.0;
  while (std::pow(reach, 4) - 12.0 * reach * reach - 2.0 * reach < vanished * temperature)
    reach += 0.25;
  return reach;
}

} // namespace

ExactDoubleWell64::ExactDoubleWell64(double temperature)
    : temperature_(temperature), proposal_x_(1.6, -6.0, 2.0, temperature),
      proposal_y_(0.2, -10.0, 2.0, temperature) {
  auto before = integrate(256);
  for (int points = 512;; points *= 2) {
    const auto now = integrate(points);
    const bool converged = std::abs(now.z / before.z - 1.0) < 1e-12 &&
                           std::abs(now.energy / before.energy - 1.0) < 1e-12 &&
                           std::abs(now.positive / before.positive - 1.0) < 1e-11;
    before = now;
    if (converged) break;
    if (points > 8192)
      throw Error("the quadrature of the double well does not converge at temperature " +
                  std::to_string(temperature) + ": give a higher temperature");
  }
  const double z = before.z, well = before.energy / z;
  mean_energy_ = well + 0.5 * harmonic * temperature;
  energy_variance_ =
      before.energy_square / z - well * well + 0.5 * harmonic * temperature * temperature;
  log_partition_ = std::log(z) + 0.5 * harmonic * std::log(2.0 * M_PI * temperature / stiffness);
  positive_population_ = before.positive / z;
  for (int i = 0; i < 2; i++) {
    mean_[i] = before.first[i] / z;
    mean_square_[i] = before.second[i] / z;
  }
}

ExactDoubleWell64::Integrals ExactDoubleWell64::integrate(int points) const {
  // tanh-sinh points in x on either side of zero, where the basins meet; equal steps in y, along
  // which the integrand is smooth and vanishes at both ends. Both converge exponentially.
  const double reach = reach_of(temperature_), step = 2.0 * reach / points, end = 3.3;
  Integrals sum;
  for (int i = 0; i <= points; i++) {
    const double t = end * (2.0 * i / points - 1.0), arc = 0.5 * M_PI * std::sinh(t);
    const double weight_x =
        reach * end / points * 0.5 * M_PI * std::cosh(t) / std::pow(std::cosh(arc), 2);
    for (const double side : {-1.0, 1.0}) {
      const double x = side * reach / (1.0 + std::exp(-2.0 * arc));
      for (int j = 1; j < points; j++) {
        const double y = -reach + j * step;
        const double energy = wolfe_quapp_energy(x, y);
        const double weight = weight_x * step * std::exp(-energy / temperature_);
        sum.z += weight;
        sum.energy += weight * energy;
        sum.energy_square += weight * energy * energy;
        sum.positive += side > 0.0 ? weight : 0.0;
        sum.first[0] += weight * x;
        sum.first[1] += weight * y;
        sum.second[0] += weight * x * x;
        sum.second[1] += weight * y * y;
      }
    }
  }
  return sum;
}

double ExactDoubleWell64::free_energy_difference() const {
  return std::log((1.0 - positive_population_) / positive_population_);
}

void ExactDoubleWell64::sample(RandomStream &random, double *x) const {
  // In the rotated X, Y: U = 2 (X^4 - 3 X^2 + 0.8 X) + 2 (Y^4 - 5 Y^2 + 0.1 Y) + 2 (X + Y)^2 + a
  // constant, of which the last square is left to the rejection.
  double X = 0.0, Y = 0.0;
  do {
    X = proposal_x_.quantile(random.uniform());
    Y = proposal_y_.quantile(random.uniform());
  } while (random.uniform() > std::exp(-2.0 * (X + Y) * (X + Y) / temperature_));
  const double angle = -0.15 * M_PI;
  x[0] = std::cos(angle) * X + std::sin(angle) * Y;
  x[1] = -std::sin(angle) * X + std::cos(angle) * Y;
  random.fill_gaussian(x + 2, size - 2, std::sqrt(temperature_ / stiffness));
}

} // namespace nflow::reference
