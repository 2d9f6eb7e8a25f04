#include "trainer/training/starting_flow.h"

#include "architectures/architecture.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

namespace {

constexpr int64_t trial_batches = 8, trial_batch = 32;
constexpr double largest_work = 1000.0; // one overlap must not decide
constexpr double standard_errors = 2.0;

/// Works of the same points for every flow: forward, and backward where there are samples.
std::vector<double> trial_works(ThermalObjective &objective,
                                const std::vector<ThermalSamples> &data, const Parallel &parallel) {
  const auto &setting = objective.setting();
  const ThermalBatches batches(data, objective.metadata().slots(), setting.coordinates(),
                               setting.seed);
  const auto range = parallel.share(trial_batch);
  std::vector<double> all;
  for (int64_t step = 0; step < trial_batches; step++)
    for (const bool forward : {true, false}) {
      if (!forward && data[batches.pair_of(step) + 1].split.training.empty()) continue;
      std::vector<double> mine;
      parallel.together([&] {
        mine = objective.works(forward ? batches.prior(step, range) : batches.target(step, range),
                               forward);
      });
      for (const double work : parallel.gather(mine))
        all.push_back(work < largest_work ? work : largest_work); // NaN, too
    }
  return all;
}

/// Whether works are lower than others of the same points, by more than chance.
bool is_less(const std::vector<double> &works, const std::vector<double> &others) {
  double sum = 0.0, squares = 0.0;
  for (size_t i = 0; i < works.size(); i++) {
    const double gain = others[i] - works[i];
    sum += gain;
    squares += gain * gain;
  }
  const auto count = static_cast<double>(works.size());
  const double mean = sum / count;
  return mean > standard_errors * std::sqrt(std::max(0.0, squares / count - mean * mean) / count);
}

} // namespace

std::unique_ptr<ThermalObjective> starting_flow(const TrainOptions &options,
                                                const FlowSetting &setting, EnergySource &source,
                                                const std::vector<ThermalSamples> &data,
                                                const Parallel &parallel) {
  std::unique_ptr<ThermalObjective> best;
  std::vector<double> least;
  std::vector<FlowSetting> starts;
  parallel.together([&] { starts = architecture_of(setting).starts(setting); });
  for (const auto &start : starts) {
    std::unique_ptr<ThermalObjective> one;
    parallel.together([&] {
      one = std::make_unique<ThermalObjective>(start, options.precision, options.cap, source);
    });
    if (starts.size() == 1) return one;
    auto works = trial_works(*one, data, parallel);
    if (best && !is_less(works, least)) continue;
    best = std::move(one);
    least = std::move(works);
  }
  return best;
}

} // namespace nflow::trainer
