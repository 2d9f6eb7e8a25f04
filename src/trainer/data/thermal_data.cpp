#include "trainer/data/thermal_data.h"

#include "base/random.h"

#include <algorithm>

namespace nflow::trainer {

namespace {

constexpr uint64_t validation_attempt = uint64_t{1} << 48; // beyond any step
// Streams of the prior's points lie beside those of the target's.
constexpr uint64_t prior_attempt = uint64_t{1} << 49;

int64_t pick(double uniform, int64_t count) {
  return std::min(static_cast<int64_t>(uniform * static_cast<double>(count)), count - 1);
}

} // namespace

int64_t ThermalBatches::pair_of(int64_t step) const {
  if (pairs() == 1) return 0;
  // Below zero no point of a batch has its number.
  return pick(RandomStream(seed_, UINT32_MAX, step, Purpose::batch).uniform(), pairs());
}

void ThermalBatches::put(const ThermalSamples &samples, int64_t frame, uint32_t number,
                         uint64_t attempt, int64_t place, Points &points) const {
  const double *x = samples.samples.frame(frame);
  double *point = &points.values[place * slots_ * coordinates_];
  std::copy(x, x + coordinates_, point);
  if (slots_ == 2)
    RandomStream(seed_, number, attempt, Purpose::auxiliary)
        .fill_gaussian(point + coordinates_, coordinates_);
  points.energies[place] = samples.energies[frame];
}

Points ThermalBatches::training(int64_t step, bool target,
                                std::pair<int64_t, int64_t> range) const {
  Points points;
  points.pair = pair_of(step);
  const auto &samples = data_[points.pair + target];
  points.count = range.second - range.first;
  points.values.resize(points.count * slots_ * coordinates_);
  points.energies.resize(points.count);
  const uint64_t attempt = step + (target ? 0 : prior_attempt);
  const auto frames = static_cast<int64_t>(samples.split.training.size());
  for (int64_t i = 0; i < points.count; i++) {
    const auto number = static_cast<uint32_t>(range.first + i);
    const double u = RandomStream(seed_, number, attempt, Purpose::batch).uniform();
    put(samples, samples.split.training[pick(u, frames)], number, attempt, i, points);
  }
  return points;
}

Points ThermalBatches::target(int64_t step, std::pair<int64_t, int64_t> range) const {
  return training(step, true, range);
}

Points ThermalBatches::prior(int64_t step, std::pair<int64_t, int64_t> range) const {
  return training(step, false, range);
}

Points ThermalBatches::validation(int64_t pair, bool target, int64_t count,
                                  std::pair<int64_t, int64_t> range) const {
  Points points;
  points.pair = pair;
  const auto &samples = data_[pair + target];
  const auto held_out = static_cast<int64_t>(samples.split.validation.size());
  if (held_out == 0) return points;
  points.count = range.second - range.first;
  points.values.resize(points.count * slots_ * coordinates_);
  points.energies.resize(points.count);
  const uint64_t attempt = validation_attempt + (target ? 0 : prior_attempt);
  for (int64_t i = 0; i < points.count; i++) {
    const int64_t number = range.first + i;
    put(samples, samples.split.validation[number * held_out / count], static_cast<uint32_t>(number),
        attempt, i, points);
  }
  return points;
}

} // namespace nflow::trainer
