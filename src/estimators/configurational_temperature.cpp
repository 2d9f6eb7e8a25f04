#include "estimators/configurational_temperature.h"

#include "base/random.h"

#include <algorithm>
#include <cmath>

namespace nflow::estimators {

namespace {

constexpr int64_t most_frames = 200, most_numbers = 20000; // whichever is more
constexpr size_t least_frames = 20;
constexpr double relative_step = 1e-4; // of the differences, in typical distances
constexpr double largest_deviation = 0.05, largest_z = 5.0;

} // namespace

int64_t ConfigurationalTemperature::frames(int64_t count) const {
  return std::min(count, std::max(most_frames, most_numbers / numbers_));
}

void ConfigurationalTemperature::add(uint64_t frame, const double *x, const Forces &forces_at,
                                     std::vector<double> &results) const {
  const double step = relative_step * distance_;
  RandomStream random(1, 0, frame, Purpose::check);
  std::vector<double> direction(numbers_), points(3 * numbers_), forces(3 * numbers_);
  for (int64_t i = 0; i < numbers_; i++) {
    direction[i] = random.uniform() > 0.5 ? 1.0 : -1.0;
    points[i] = x[i];
    points[numbers_ + i] = x[i] + step * direction[i];
    points[2 * numbers_ + i] = x[i] - step * direction[i];
  }
  if (!forces_at(3, points.data(), forces.data())) return;
  double square = 0.0, laplacian = 0.0;
  for (int64_t i = 0; i < numbers_; i++) {
    square += forces[i] * forces[i];
    laplacian -= direction[i] * (forces[numbers_ + i] - forces[2 * numbers_ + i]) / (2.0 * step);
  }
  results.push_back(square);
  results.push_back(laplacian);
}

Estimate ConfigurationalTemperature::tau(const std::vector<double> &results) {
  Estimate measured;
  measured.mean = measured.error = NAN;
  const size_t frames = results.size() / 2;
  if (frames < least_frames) return measured;
  double squares = 0.0, laplacians = 0.0;
  for (size_t i = 0; i < frames; i++) {
    squares += results[2 * i];
    laplacians += results[2 * i + 1];
  }
  if (!(laplacians > 0.0) || !std::isfinite(squares + laplacians)) return measured;
  // The error of a ratio is that of the mean of what it leaves over.
  const double ratio = squares / laplacians;
  std::vector<double> rest;
  for (size_t i = 0; i < frames; i++) rest.push_back(results[2 * i] - ratio * results[2 * i + 1]);
  measured = mean_with_error(rest);
  measured.error *= static_cast<double>(frames) / laplacians;
  measured.mean = ratio;
  return measured;
}

bool ConfigurationalTemperature::differs(const Estimate &measured, double tau) {
  const double deviation = std::fabs(measured.mean - tau);
  return deviation > largest_deviation * tau && deviation > largest_z * measured.error;
}

double typical_distance(const std::vector<double> &box, const double *x, int64_t count,
                        int64_t atoms, int64_t dim) {
  const auto numbers = static_cast<double>(atoms * dim), frames = static_cast<double>(count);
  if (!box.empty()) {
    double volume = 1.0;
    for (int64_t k = 0; k < dim; k++) volume *= box[k];
    return std::pow(volume / static_cast<double>(atoms), 1.0 / static_cast<double>(dim));
  }
  double variance = 0.0;
  for (int64_t c = 0; c < atoms * dim; c++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < count; i++) {
      const double shifted = x[i * atoms * dim + c] - x[c];
      sum += shifted;
      squares += shifted * shifted;
    }
    variance += (squares - sum * sum / frames) / frames;
  }
  return std::sqrt(variance / numbers);
}

} // namespace nflow::estimators
