#include "trainer/configurational_temperature.h"

#include "mcmc/random.h"
#include "nflow_error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

constexpr int64_t most_frames = 200, least_frames = 20;
constexpr double relative_step = 1e-4; // of the differences, in typical distances
constexpr double largest_deviation = 0.1, largest_z = 5.0;

/// Appends |F|^2 and, with v of independent signs, v . H v, whose mean over v is the laplacian.
void add_frame(const Samples &samples, int64_t frame, double step, EnergySource &source,
               std::vector<double> &results) {
  const int64_t numbers = samples.n_atoms * samples.dim;
  const double *x = samples.frame(frame);
  mcmc::RandomStream random(1, 0, static_cast<uint64_t>(frame), mcmc::Purpose::check);
  std::vector<double> direction(numbers), points(3 * numbers), forces(3 * numbers), energies(3);
  for (int64_t i = 0; i < numbers; i++) {
    direction[i] = random.uniform() > 0.5 ? 1.0 : -1.0;
    points[i] = x[i];
    points[numbers + i] = x[i] + step * direction[i];
    points[2 * numbers + i] = x[i] - step * direction[i];
  }
  source.evaluate(3, points.data(), energies.data(), forces.data());
  double square = 0.0, curvature = 0.0;
  for (int64_t i = 0; i < numbers; i++) {
    square += forces[i] * forces[i];
    curvature -= direction[i] * (forces[numbers + i] - forces[2 * numbers + i]) / (2.0 * step);
  }
  results.push_back(square);
  results.push_back(curvature);
}

/// Of neighbours in a periodic box; in an open system the mean spread of a coordinate.
double typical_distance(const Samples &samples, const System &system) {
  const auto dim = static_cast<double>(system.dim), atoms = static_cast<double>(system.n_atoms);
  if (system.periodic.at(0)) {
    double volume = 1.0;
    for (int64_t k = 0; k < system.dim; k++) volume *= system.box[k];
    return std::pow(volume / atoms, 1.0 / dim);
  }
  const auto count = static_cast<double>(samples.count());
  double variance = 0.0;
  for (int64_t c = 0; c < system.n_atoms * system.dim; c++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < samples.count(); i++) {
      const double shifted = samples.frame(i)[c] - samples.frame(0)[c];
      sum += shifted;
      squares += shifted * shifted;
    }
    variance += (squares - sum * sum / count) / count;
  }
  return std::sqrt(variance / (atoms * dim));
}

} // namespace

estimators::Estimate configurational_tau(const Samples &samples, EnergySource &source,
                                         const Parallel &parallel) {
  estimators::Estimate result;
  result.mean = result.error = NAN;
  const int64_t frames = std::min(samples.count(), most_frames);
  if (frames < least_frames) return result;
  const double distance = typical_distance(samples, source.system());
  std::vector<double> mine;
  parallel.together([&] {
    const auto range = parallel.share(frames);
    for (int64_t i = range.first; i < range.second; i++)
      add_frame(samples, i * samples.count() / frames, relative_step * distance, source, mine);
  });
  const auto all = parallel.gather(mine);
  double squares = 0.0, curvatures = 0.0;
  for (size_t i = 0; i < all.size(); i += 2) {
    squares += all[i];
    curvatures += all[i + 1];
  }
  if (!(curvatures > 0.0) || !std::isfinite(squares + curvatures)) return result;
  // The error of a ratio is that of the mean of what it leaves over.
  const double tau = squares / curvatures;
  std::vector<double> rest;
  for (size_t i = 0; i < all.size(); i += 2) rest.push_back(all[i] - tau * all[i + 1]);
  result = estimators::mean_with_error(rest);
  result.error *= static_cast<double>(frames) / curvatures;
  result.mean = tau;
  return result;
}

void require_temperature(const estimators::Estimate &measured, double tau, double temperature,
                         const std::string &where) {
  const double deviation = std::fabs(measured.mean - tau);
  if (!(deviation > largest_deviation * tau && deviation > largest_z * measured.error)) return;
  const double per_tau = temperature / tau;
  char text[128];
  std::snprintf(text, sizeof(text), ": by the forces theirs is %.4g +- %.2g",
                measured.mean * per_tau, measured.error * per_tau);
  throw Error("the samples" + where + " were not made at this temperature with this potential" +
              text +
              "; give the dumps that belong to the temperature, or sample with a smaller "
              "timestep");
}

} // namespace nflow::trainer
