#include "model/sample_points.h"

#include "base/random.h"

#include <cmath>
#include <functional>
#include <numeric>

namespace nflow {

namespace {

/// Positions typical of a boltzmann prior, shaken a little: the model's own example, or a lattice.
void fill_positions(const Metadata &metadata, RandomStream &random, double *x) {
  const double spacing = std::pow(
      std::accumulate(metadata.box->begin(), metadata.box->end(), 1.0, std::multiplies<>()) /
          static_cast<double>(metadata.n_atoms),
      1.0 / static_cast<double>(metadata.dim));
  random.fill_gaussian(x, metadata.coordinates(), 0.01 * spacing);
  const auto side = static_cast<int64_t>(std::ceil(std::pow(metadata.n_atoms, 1.0 / metadata.dim)));
  for (int64_t i = 0, cell = 0; i < metadata.n_atoms; i++, cell = i)
    for (int64_t k = 0; k < metadata.dim; k++, cell /= side) {
      const int64_t place = i * metadata.dim + k;
      x[place] += metadata.example.empty()
                      ? (*metadata.box)[k] * (static_cast<double>(cell % side) + 0.5) / side
                      : metadata.example[place];
    }
}

} // namespace

std::vector<double> prior_points(const Metadata &metadata, double tau, int64_t count) {
  std::vector<double> u(count * metadata.size());
  RandomStream random(20210929, 0, 0, Purpose::check);
  const double sigma_aux = std::sqrt(metadata.momentum_variance(tau));
  const int64_t m = metadata.coordinates();
  for (int64_t b = 0; b < count; b++) {
    double *x = &u[b * metadata.size()];
    if (metadata.prior == Prior::boltzmann && metadata.box)
      fill_positions(metadata, random, x);
    else
      random.fill_gaussian(x, m, std::sqrt(tau));
    if (metadata.auxiliary) random.fill_gaussian(x + m, m, sigma_aux);
  }
  return u;
}

} // namespace nflow
