#include "architectures/spline_start.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr int64_t most_frames = 500;    // for the activity
constexpr double least_activity = 0.05; // in k_B T
constexpr double passive_pace = 0.1;
constexpr double margin = 1.15; // of the splines around the samples

struct Moments {
  std::vector<double> mean, deviation, low, high;
};

Moments moments_of(const StartingData::Samples &samples, int64_t size) {
  const auto &frames = samples.training;
  Moments m;
  m.mean.assign(size, 0.0);
  m.deviation.assign(size, 0.0);
  m.low.assign(size, INFINITY);
  m.high.assign(size, -INFINITY);
  const auto count = static_cast<double>(frames.size());
  for (const int64_t frame : frames)
    for (int64_t i = 0; i < size; i++) {
      const double x = samples.frame(frame, size)[i];
      m.mean[i] += x / count;
      m.low[i] = std::min(m.low[i], x);
      m.high[i] = std::max(m.high[i], x);
    }
  for (const int64_t frame : frames)
    for (int64_t i = 0; i < size; i++)
      m.deviation[i] += std::pow(samples.frame(frame, size)[i] - m.mean[i], 2) / count;
  for (double &value : m.deviation) value = std::sqrt(value);
  return m;
}

/// std(dw/dx_i) std(x_i) under plain scaling, in k_B T.
std::vector<double> activity(const StartingData &data, const Moments &moments,
                             const SplineStart &start, const std::pair<double, double> &tau) {
  const auto size = static_cast<int64_t>(start.origin.size());
  const auto &frames = data.samples[0].training;
  const auto available = static_cast<int64_t>(frames.size());
  const int64_t count = std::min(most_frames, available);
  const double scale = std::sqrt(tau.second / tau.first);
  std::vector<double> x, y, energies(count), forces_x(count * size), forces_y(count * size);
  for (int64_t k = 0; k < count; k++) {
    const double *from = data.samples[0].frame(frames[k * available / count], size);
    for (int64_t i = 0; i < size; i++) {
      x.push_back(from[i]);
      y.push_back(start.centre[i] + scale * (from[i] - start.origin[i]));
    }
  }
  data.evaluate(count, x.data(), energies.data(), forces_x.data());
  data.evaluate(count, y.data(), energies.data(), forces_y.data());
  std::vector<double> result(size);
  for (int64_t i = 0; i < size; i++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t k = 0; k < count; k++) {
      const double slope =
          forces_x[k * size + i] / tau.first - scale * forces_y[k * size + i] / tau.second;
      sum += slope;
      squares += slope * slope;
    }
    const auto frames_used = static_cast<double>(count);
    const double variance = squares / frames_used - std::pow(sum / frames_used, 2);
    result[i] = std::sqrt(std::max(variance, 0.0)) * moments.deviation[i];
  }
  return result;
}

std::vector<int64_t> ascending_from_0(const std::vector<int64_t> &numbers) {
  std::vector<int64_t> places;
  for (const int64_t number : numbers) places.push_back(number - 1);
  std::sort(places.begin(), places.end());
  return places;
}

} // namespace

SplineStart spline_start(const FlowSetting &setting, const std::vector<int64_t> &numbers,
                         double bound, const StartingData &data) {
  const auto tau = setting.tau_pairs().at(0);
  const int64_t size = setting.coordinates();
  const Moments prior = moments_of(data.samples.at(0), size);
  const bool both = !data.samples.at(1).training.empty();
  const Moments target = both ? moments_of(data.samples[1], size) : prior;
  for (int64_t i = 0; i < size; i++)
    if (!(prior.high[i] > prior.low[i]) || !(target.high[i] > target.low[i]))
      throw Error("coordinate " + coordinate_names({i}, setting.dim) +
                  " does not vary in the samples: give more samples, or an energy file without "
                  "the atoms or components that are fixed");
  const double plain = std::sqrt(tau.second / tau.first);
  SplineStart start;
  start.origin = prior.mean;
  start.centre = target.mean;
  start.scale.assign(size, plain);
  start.unit = target.deviation;
  // Passive coordinates are nearly right from the start. There are many of them, and what each step
  // of Adam shakes in them is noise in all works, beside which the pull of a rare state is small.
  start.pace.assign(size, passive_pace);
  if (!both)
    for (double &unit : start.unit) unit *= plain;
  start.active = ascending_from_0(numbers);
  if (start.active.empty()) {
    const auto measured = activity(data, prior, start, tau);
    for (int64_t i = 0; i < size; i++)
      if (!(measured[i] <= least_activity)) start.active.push_back(i);
  }
  for (const int64_t i : start.active) {
    if (i < 0 || i >= size) break; // check() says it
    start.pace[i] = 1.0;
    if (both) start.scale[i] = target.deviation[i] / prior.deviation[i];
    const auto moved = [&](double x) {
      return start.centre[i] + start.scale[i] * (x - start.origin[i]);
    };
    const double low = std::min(target.low[i], moved(prior.low[i]));
    const double high = std::max(target.high[i], moved(prior.high[i]));
    start.middle.push_back(0.5 * (low + high));
    start.bound.push_back(bound > 0.0 ? bound : margin * 0.5 * (high - low));
  }
  return start;
}

} // namespace nflow
