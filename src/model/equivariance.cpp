#include "model/equivariance.h"

#include "base/error.h"
#include "base/text.h"
#include "model/checks.h"
#include "model/sample_points.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace nflow {

namespace {

constexpr int64_t count = 4; // points that are tried

/// Each atom of a species gets the next one's place, the last the first one's.
std::vector<int64_t> permutation_of(const Metadata &metadata) {
  std::map<int, std::vector<int64_t>> species;
  for (int64_t i = 0; i < metadata.n_atoms; i++)
    species[metadata.types ? (*metadata.types)[i] : 0].push_back(i);
  std::vector<int64_t> from(metadata.n_atoms);
  for (const auto &[type, atoms] : species)
    for (size_t k = 0; k < atoms.size(); k++) from[atoms[k]] = atoms[(k + 1) % atoms.size()];
  return from;
}

std::vector<double> permuted(const Metadata &metadata, const std::vector<int64_t> &from,
                             const std::vector<double> &points) {
  std::vector<double> result(points.size());
  const int64_t n = metadata.n_atoms, d = metadata.dim;
  const auto rows = static_cast<int64_t>(points.size()) / d; // [points, S, n]
  for (int64_t row = 0; row < rows; row++)
    std::copy_n(&points[(row / n * n + from[row % n]) * d], d, &result[row * d]);
  return result;
}

} // namespace

Equivariance measure_equivariance(Model &model, const Temperatures &tau) {
  const Metadata &metadata = model.metadata();
  const auto from = permutation_of(metadata);
  Equivariance worst;
  std::vector<double> in = prior_points(metadata, tau.prior, count), straight(in.size()),
                      crossed(in.size()), log_det(count), crossed_log_det(count);
  for (const bool forward : {true, false}) {
    const auto map = [&](const std::vector<double> &x, std::vector<double> &y,
                         std::vector<double> &d) {
      if (forward)
        model.forward(count, x.data(), tau, y.data(), d.data());
      else
        model.inverse(count, x.data(), tau, y.data(), d.data());
    };
    map(in, straight, log_det);
    map(permuted(metadata, from, in), crossed, crossed_log_det);
    const bool positions = forward || metadata.prior == Prior::boltzmann;
    worst.points = std::max(
        worst.points, relative_deviation(host_arrays(), metadata, positions, count, crossed.data(),
                                         permuted(metadata, from, straight).data()));
    for (int64_t i = 0; i < count; i++)
      worst.log_det = std::max(worst.log_det, std::fabs(crossed_log_det[i] - log_det[i]));
    in = straight;
  }
  return worst;
}

bool is_equivariant(Model &model, const Temperatures &tau, Equivariance *measured) {
  const auto found = measure_equivariance(model, tau);
  if (measured) *measured = found;
  const auto tolerance = flow_tolerance(model.metadata());
  const bool is = found.points <= tolerance.round_trip && found.log_det <= tolerance.log_det;
  if (!is && model.metadata().equivariant.value_or(false))
    throw Error("model file '" + model.file() +
                "' claims to be equivariant within a species, but an exchange of two atoms changes "
                "more than their places (by " +
                number(std::max(found.points, found.log_det), 2) +
                "): train or write it again, or leave the claim out");
  return is;
}

} // namespace nflow
