#include "architectures/kick_drift_scales.h"

#include "operators/pair_force.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace nflow {

namespace {

struct Scale {
  double sigma = 0.0, epsilon = 0.0; // zero: not found
};

/// Where the smoothed Lennard-Jones energy of the kicks is zero, and its depth, in sigma and
/// epsilon.
Scale zero_and_depth(double cutoff) {
  const operators::PairForce<double> law(cutoff, 1);
  constexpr int steps = 20000;
  const double width = (cutoff - 0.85) / steps;
  double energy = 0.0, depth = 0.0;
  for (int i = 0; i < steps; i++) { // inwards, V(c) = 0, F = -dV/dr
    const double r = cutoff - (i + 0.5) * width;
    const double before = energy;
    energy += 4.0 * law.base(1.0 / r, r) * width;
    depth = std::min(depth, energy);
    if (before < 0.0 && energy >= 0.0)
      return {r - 0.5 * width + width * energy / (energy - before), -depth};
  }
  return {1.0, std::max(-depth, 1e-3)};
}

/// By the wall of a pair law between `near` and `far`.
Scale from_law(const StartingData &data, int a, int b, double far, double tau, double cutoff) {
  double energy = 0.0, force = 0.0, depth = 0.0, before = 0.0;
  const double step = far / 4000.0;
  data.pair_law(a, b, far, energy, force);
  const double ground = energy; // an unshifted cutoff is no part of the shape
  for (double r = far; r > 10 * step; r -= step) {
    data.pair_law(a, b, r, energy, force);
    energy -= ground;
    depth = std::min(depth, energy);
    const bool well = depth < -1e-6 * tau;
    if (well && energy >= 0.0) {
      const auto shape = zero_and_depth(cutoff);
      const double zero = r + step * (before < energy ? energy / (energy - before) : 0.0);
      return {zero / shape.sigma, -depth / shape.epsilon};
    }
    if (!well && energy > tau) return {r, tau};
    before = energy;
  }
  return {};
}

/// Smallest distance of two atoms of these species over the samples, in the periodic box.
double smallest_distance(const FlowSetting &flow, const StartingData::Samples &samples,
                         const std::vector<int64_t> &species, int64_t a, int64_t b) {
  double smallest = INFINITY;
  const int64_t frames = std::min<int64_t>(samples.count, 200);
  for (int64_t f = 0; f < frames; f++) {
    const double *x = samples.frame(f * samples.count / frames, flow.coordinates());
    for (int64_t i = 0; i < flow.n_atoms; i++)
      for (int64_t j = 0; j < flow.n_atoms; j++) {
        if (i == j || species[i] != a || species[j] != b) continue;
        double r2 = 0.0;
        for (int64_t k = 0; k < flow.dim; k++) {
          double d = x[i * flow.dim + k] - x[j * flow.dim + k];
          if (!flow.box.empty()) d -= flow.box[k] * std::round(d / flow.box[k]);
          r2 += d * d;
        }
        smallest = std::min(smallest, r2);
      }
  }
  return std::sqrt(smallest);
}

} // namespace

double largest_extent(const FlowSetting &setting, const StartingData &data) {
  double extent = 0.0;
  for (const auto &samples : data.samples)
    for (int64_t f = 0; f < samples.count; f++)
      for (int64_t k = 0; k < setting.dim; k++) {
        const double *x = samples.frame(f, setting.coordinates()) + k;
        double low = *x, high = *x;
        for (int64_t i = 1; i < setting.n_atoms; i++) {
          low = std::min(low, x[i * setting.dim]);
          high = std::max(high, x[i * setting.dim]);
        }
        extent = std::max(extent, high - low);
      }
  return extent;
}

PairScales pair_scales(const FlowSetting &setting, double cutoff, const StartingData &data) {
  const auto species = species_of(setting.types);
  const std::set<int> occurring(setting.types.begin(), setting.types.end());
  const std::vector<int> types(occurring.begin(), occurring.end());
  const auto count = static_cast<int64_t>(types.size());
  PairScales scales;
  scales.sigma.resize(count * count);
  scales.epsilon.resize(count * count);
  // Pairs in an open system are looked for up to twice its size.
  const double far = setting.box.empty()
                         ? 2.0 * largest_extent(setting, data)
                         : 0.5 * *std::min_element(setting.box.begin(), setting.box.end());
  const double tau = setting.tau();
  constexpr double closest_in_sigma = 0.87; // in a dense liquid at k_B T of about epsilon
  for (int64_t a = 0; a < count; a++)
    for (int64_t b = a; b < count; b++) {
      Scale scale;
      if (data.pair_law && far > 0.0) scale = from_law(data, types[a], types[b], far, tau, cutoff);
      if (!(scale.sigma > 0.0) && !data.samples.empty()) {
        const double closest = smallest_distance(setting, data.samples.at(0), species, a, b);
        scale = {std::isfinite(closest) ? closest / closest_in_sigma : far / cutoff, tau};
      }
      for (const int64_t place : {a * count + b, b * count + a}) {
        scales.sigma[place] = scale.sigma;
        scales.epsilon[place] = scale.epsilon;
      }
    }
  return scales;
}

} // namespace nflow
