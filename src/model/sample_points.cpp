#include "model/sample_points.h"

#include "base/random.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace nflow {

namespace {

/// About how far atoms are from each other in the example: the size of an open system shared among
/// its atoms.
double spacing_of_example(const Metadata &metadata) {
  const auto &x = metadata.example;
  const auto count = static_cast<double>(x.size());
  double mean = 0.0, squares = 0.0;
  for (const double number : x) mean += number / count;
  for (const double number : x) squares += (number - mean) * (number - mean) / count;
  if (!(squares > 0.0)) squares = mean * mean > 0.0 ? mean * mean : 1.0;
  return std::sqrt(squares) / std::pow(metadata.n_atoms, 1.0 / static_cast<double>(metadata.dim));
}

double spacing_of_box(const Metadata &metadata) {
  return std::pow(
      std::accumulate(metadata.box->begin(), metadata.box->end(), 1.0, std::multiplies<>()) /
          static_cast<double>(metadata.n_atoms),
      1.0 / static_cast<double>(metadata.dim));
}

/// Positions typical of a boltzmann prior, shaken a little: the model's own example, or a lattice.
void fill_positions(const Metadata &metadata, RandomStream &random, double *x) {
  const double spacing = metadata.box ? spacing_of_box(metadata) : spacing_of_example(metadata);
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
    if (metadata.prior == Prior::boltzmann && (metadata.box || !metadata.example.empty()))
      fill_positions(metadata, random, x);
    else
      random.fill_gaussian(x, m, std::sqrt(tau));
    std::copy(metadata.carried.begin(), metadata.carried.end(), x);
    if (metadata.auxiliary) random.fill_gaussian(x + m, m, sigma_aux);
  }
  return u;
}

} // namespace nflow
