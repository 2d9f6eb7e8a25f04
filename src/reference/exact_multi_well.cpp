#include "reference/exact_multi_well.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace nflow::reference {

ExactMultiWell::ExactMultiWell(const MultiWell &system, double temperature)
    : system_(system), temperature_(temperature), inverse_(invert(system.A)) {
  for (const double a : system.a) {
    wells_.emplace_back(a, system.b, system.c, temperature);
    const QuarticDensity &well = wells_.back();
    Moments moments{};
    moments.mean = well.mean([](double y) { return y; });
    moments.mean_square = well.mean([](double y) { return y * y; });
    moments.mean_energy = well.mean([&](double y) { return well.energy(y); });
    moments.energy_variance =
        well.mean([&](double y) { return std::pow(well.energy(y) - moments.mean_energy, 2); });
    well_moments_.push_back(moments);
  }
}

double ExactMultiWell::mean_energy() const {
  double sum = 0.0;
  for (const Moments &m : well_moments_) sum += m.mean_energy;
  return sum;
}

double ExactMultiWell::energy_variance() const {
  double sum = 0.0;
  for (const Moments &m : well_moments_) sum += m.energy_variance;
  return sum;
}

double ExactMultiWell::log_partition() const {
  double sum = -inverse_.log_abs_determinant;
  for (const QuarticDensity &well : wells_) sum += well.log_partition();
  return sum;
}

double ExactMultiWell::entropy() const {
  double sum = -inverse_.log_abs_determinant;
  for (const QuarticDensity &well : wells_) sum += well.entropy();
  return sum;
}

double ExactMultiWell::mean_x(int64_t i) const {
  double sum = 0.0;
  for (int64_t j = 0; j < dim(); j++) sum += inverse_.matrix(i, j) * mean_y(j);
  return sum;
}

double ExactMultiWell::mean_square_x(int64_t i) const {
  double variance = 0.0;
  for (int64_t j = 0; j < dim(); j++)
    variance += std::pow(inverse_.matrix(i, j), 2) * (mean_square_y(j) - std::pow(mean_y(j), 2));
  return variance + std::pow(mean_x(i), 2);
}

std::vector<std::complex<double>> ExactMultiWell::characteristic_x(int64_t i, double step) const {
  std::vector<std::complex<double>> values;
  // A single zero of phi is no end: it must be small over a whole stretch. The rounding of phi
  // itself is about 1e-15.
  constexpr double vanished = 1e-13;
  constexpr size_t stretch = 16, most = 1000000;
  for (size_t n = 0, small = 0; small < stretch; n++) {
    if (n == most)
      throw Error("the density of x cannot be had at temperature " + std::to_string(temperature_) +
                  ": its Fourier integral does not converge; give a higher temperature");
    std::complex<double> product = 1.0;
    for (int64_t j = 0; j < dim() && std::abs(product) > 0.0; j++)
      product *= well(j).characteristic(inverse_.matrix(i, j) * step * static_cast<double>(n));
    values.push_back(product);
    small = std::abs(product) < vanished ? small + 1 : 0;
  }
  return values;
}

std::vector<double> ExactMultiWell::density_x(int64_t i, const std::vector<double> &points) const {
  // The sum over k = 0, step, .. is the density repeated with period 2 pi / step: no copy may reach
  // another, or the points asked for.
  double low = 0.0, high = 0.0;
  for (int64_t j = 0; j < dim(); j++) {
    const double one = inverse_.matrix(i, j) * well(j).lower(),
                 other = inverse_.matrix(i, j) * well(j).upper();
    low += std::min(one, other);
    high += std::max(one, other);
  }
  for (const double x : points) {
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const double step = 2.0 * M_PI / (high - low);
  const auto phi = characteristic_x(i, step);
  std::vector<double> density;
  for (const double x : points) {
    double sum = 0.5;
    for (size_t n = 1; n < phi.size(); n++)
      sum += std::real(phi[n] * std::polar(1.0, -step * static_cast<double>(n) * x));
    density.push_back(sum * step / M_PI);
  }
  return density;
}

void ExactMultiWell::sample(RandomStream &random, double *x) const {
  std::vector<double> y(wells_.size());
  for (size_t j = 0; j < y.size(); j++) y[j] = wells_[j].quantile(random.uniform());
  for (int64_t i = 0; i < dim(); i++) {
    x[i] = 0.0;
    for (int64_t j = 0; j < dim(); j++) x[i] += inverse_.matrix(i, j) * y[static_cast<size_t>(j)];
  }
}

} // namespace nflow::reference
