#include "trainer/data/batches.h"

#include "base/random.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

namespace {

constexpr uint64_t validation_attempt = uint64_t{1} << 48; // beyond any step

} // namespace

Split split_by_blocks(const Samples &samples, double fraction) {
  Split split;
  int64_t start = 0;
  for (int64_t frames : samples.per_file) {
    if (fraction <= 0.0) {
      for (int64_t i = 0; i < frames; i++) split.training.push_back(start + i);
      start += frames;
      continue;
    }
    const auto every = std::max<int64_t>(2, std::llround(1.0 / fraction));
    const int64_t blocks = std::min(frames, 5 * every);
    for (int64_t i = 0; i < frames; i++) {
      const int64_t block = i * blocks / frames;
      (block % every == every / 2 ? split.validation : split.training).push_back(start + i);
    }
    start += frames;
  }
  return split;
}

Batches::Batches(const Samples &samples, Split split, int64_t slots, int64_t coordinates,
                 double tau, uint32_t seed)
    : samples_(samples), split_(std::move(split)), slots_(slots), coordinates_(coordinates),
      sigma_(std::sqrt(tau)), seed_(seed) {}

void Batches::put(double *point, int64_t frame, uint32_t number, uint64_t attempt) const {
  const double *x = samples_.frame(frame);
  std::copy(x, x + coordinates_, point);
  if (slots_ == 2)
    RandomStream(seed_, number, attempt, Purpose::auxiliary)
        .fill_gaussian(point + coordinates_, coordinates_, sigma_);
}

Points Batches::points_of(std::pair<int64_t, int64_t> range,
                          const std::function<void(int64_t, double *)> &put_number) const {
  const int64_t size = slots_ * coordinates_;
  Points points;
  points.count = range.second - range.first;
  points.values.resize(points.count * size);
  for (int64_t i = 0; i < points.count; i++) put_number(range.first + i, &points.values[i * size]);
  return points;
}

Points Batches::target(int64_t step, std::pair<int64_t, int64_t> range) const {
  const auto frames = static_cast<double>(split_.training.size());
  return points_of(range, [&](int64_t number, double *point) {
    const auto stream = static_cast<uint32_t>(number);
    const double u = RandomStream(seed_, stream, step, Purpose::batch).uniform();
    const auto pick = std::min(static_cast<size_t>(u * frames), split_.training.size() - 1);
    put(point, split_.training[pick], stream, step);
  });
}

Points Batches::prior(int64_t step, std::pair<int64_t, int64_t> range) const {
  return points_of(range, [&](int64_t number, double *point) {
    RandomStream(seed_, static_cast<uint32_t>(number), step, Purpose::latent)
        .fill_gaussian(point, slots_ * coordinates_, sigma_);
  });
}

Points Batches::validation(int64_t count, std::pair<int64_t, int64_t> range) const {
  return points_of(range, [&](int64_t number, double *point) {
    put(point, split_.validation[number * validation_count() / count],
        static_cast<uint32_t>(number), validation_attempt);
  });
}

Points Batches::validation_prior(std::pair<int64_t, int64_t> range) const {
  return prior(static_cast<int64_t>(validation_attempt), range);
}

} // namespace nflow::trainer
