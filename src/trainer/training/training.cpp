#include "trainer/training/training.h"

#include "base/text.h"
#include "estimators/exchange.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>

namespace nflow::trainer {

namespace {

constexpr int64_t most_skipped_in_a_row = 10;
constexpr int64_t most_set_backs = 8;

volatile std::sig_atomic_t signal_seen = 0;

} // namespace

void catch_signals() {
  std::signal(SIGINT, [](int) { signal_seen = 1; });
  std::signal(SIGTERM, [](int) { signal_seen = 1; });
}

bool signal_caught() {
  return signal_seen != 0;
}

Training::Training(const TrainOptions &options, const Parallel &parallel, Objective &objective,
                   const PointSource &points, const Validator &validator, TrainingState state,
                   const Fingerprint &fingerprint)
    : options_(options), parallel_(parallel), objective_(objective), points_(points),
      validator_(validator), state_(std::move(state)), fingerprint_(fingerprint),
      adam_(state_.parameters.size(), options.beta1, options.beta2) {
  if (!state_.adam_mean.empty()) {
    adam_.mean = state_.adam_mean;
    adam_.square = state_.adam_square;
    adam_.updates = state_.adam_updates;
  }
  if (state_.best_parameters.empty()) state_.best_parameters = state_.parameters;
  parallel_.together([&] {
    report_ = std::make_unique<Report>(parallel_.root(), options_.log, state_.step);
    objective_.set_parameters(state_.parameters);
  });
}

Training::StepResult Training::shared_gradient(double lambda) {
  const size_t size = state_.parameters.size();
  // Behind the gradient: both losses, the interrupt, and whether a rank failed.
  std::vector<double> sums(size + 4, 0.0);
  const auto range = parallel_.share(options_.batch);
  const double per_sample = 1.0 / static_cast<double>(options_.batch);
  std::string failure;
  try {
    Points target, prior;
    if (lambda < 1.0) target = points_.target(state_.step, range);
    if (lambda > 0.0) prior = points_.prior(state_.step, range);
    const auto terms = objective_.add_gradient(target, (1.0 - lambda) * per_sample, prior,
                                               lambda * per_sample, sums);
    sums[size] = terms.ml * per_sample;
    sums[size + 1] = terms.kl * per_sample;
  } catch (const std::exception &e) {
    failure = "the loss cannot be computed: " + sentence_of(e);
    sums[size + 3] = 1.0;
  }
  sums[size + 2] = signal_seen ? 1.0 : 0.0;
  parallel_.sum(sums);
  if (sums[size + 3] > 0.0) parallel_.throw_if_any(failure);
  auto result = finish_gradient(std::move(sums));
  result.loss = (1.0 - lambda) * result.mean.ml + lambda * result.mean.kl;
  return result;
}

Training::StepResult Training::finish_gradient(std::vector<double> sums) const {
  StepResult result;
  const size_t size = state_.parameters.size();
  result.mean = {sums[size], sums[size + 1]};
  result.interrupted = sums[size + 2] > 0.0;
  sums.resize(size);
  result.gradient = std::move(sums);
  return result;
}

Training::StepResult Training::exchange_gradient() {
  const size_t size = state_.parameters.size();
  std::vector<double> sums(size + 3, 0.0);
  const auto range = parallel_.share(options_.batch);
  Objective::Works mine;
  parallel_.together([&] {
    mine = objective_.keep_works(points_.target(state_.step, range),
                                 points_.prior(state_.step, range));
  });
  // G is no sum over samples: every rank sees all works, and differentiates its own.
  const auto all_forward = parallel_.gather(mine.forward);
  const auto loss = estimators::acceptance_loss(all_forward, parallel_.gather(mine.backward));
  const auto part = [&](const std::vector<double> &all) {
    return std::vector<double>(all.begin() + range.first, all.begin() + range.second);
  };
  if (std::isfinite(loss.value))
    parallel_.together([&] {
      objective_.add_gradient_of_kept({part(loss.by_forward), part(loss.by_backward)}, sums);
    });
  const double per_sample = 1.0 / static_cast<double>(options_.batch);
  for (const double r : mine.backward) sums[size] += r * per_sample;
  for (const double w : mine.forward) sums[size + 1] += w * per_sample;
  sums[size + 2] = signal_seen ? 1.0 : 0.0;
  parallel_.sum(sums);
  auto result = finish_gradient(std::move(sums));
  result.loss = loss.value;
  return result;
}

void Training::step() {
  const double lambda = kl_weight_at(state_.step, options_.steps, options_.kl_weight,
                                     options_.kl_start, options_.kl_full);
  const bool exchange = options_.loss == "exchange" &&
                        static_cast<double>(state_.step) >=
                            options_.exchange_start * static_cast<double>(options_.steps);
  auto result = exchange ? exchange_gradient() : shared_gradient(lambda);
  interrupted_ = interrupted_ || result.interrupted;
  const double length = norm(result.gradient);
  progress_.rate = options_.learning_rate * state_.rate_scale *
                   rate_factor(state_.step, options_.steps, options_.warm_up, options_.final_rate);
  if (!std::isfinite(result.loss) || !std::isfinite(length)) {
    skip();
  } else {
    if (length > options_.clip)
      for (double &g : result.gradient) g *= options_.clip / length;
    adam_.update(state_.parameters, result.gradient, progress_.rate);
    objective_.set_parameters(state_.parameters);
    state_.skipped_in_a_row = 0;
    progress_.loss = result.loss;
    progress_.ml = lambda < 1.0 ? result.mean.ml : std::numeric_limits<double>::quiet_NaN();
    progress_.kl = lambda > 0.0 ? result.mean.kl : std::numeric_limits<double>::quiet_NaN();
    progress_.gradient_norm = length;
  }
  progress_.lambda = lambda;
  state_.step++;
}

void Training::skip() {
  state_.skipped_steps++;
  state_.skipped_in_a_row++;
  if (state_.skipped_in_a_row < most_skipped_in_a_row) return;
  state_.skipped_in_a_row = 0;
  if (++state_.set_backs > most_set_backs)
    throw AlikeError(
        "the loss stays not finite after " + std::to_string(most_set_backs) +
        " returns to the best parameters: check the energy file and the data, or lower "
        "--learning-rate and --cap");
  state_.rate_scale *= 0.5;
  state_.parameters = state_.best_parameters;
  adam_.reset();
  objective_.set_parameters(state_.parameters);
  report_->line(
      "step " + std::to_string(state_.step) +
      ": the loss is not finite; back to the best parameters with half the learning rate");
}

void Training::validate() {
  const double score = validator_.validate(progress_);
  state_.without_progress++;
  if (!validator_.possible() ||
      (std::isfinite(score) && (state_.best_step < 0 || score < state_.best_score))) {
    state_.best_score = score;
    state_.best_step = state_.step;
    state_.best_parameters = state_.parameters;
    state_.without_progress = 0;
  }
}

void Training::save_checkpoint() const {
  parallel_.together([&] {
    if (!parallel_.root()) return;
    auto state = state_;
    state.adam_mean = adam_.mean;
    state.adam_square = adam_.square;
    state.adam_updates = adam_.updates;
    write_checkpoint(state, fingerprint_, options_.checkpoint);
  });
}

Training::End Training::run() {
  progress_.steps = options_.steps;
  const auto plateau = [&] {
    return options_.patience > 0 && state_.without_progress >= options_.patience;
  };
  while (state_.step < options_.steps && !plateau()) {
    step();
    const bool stop = interrupted_ || state_.step == options_.stop_at;
    const bool last = state_.step == options_.steps;
    if (state_.step % options_.validate_every == 0 || last) {
      validate();
      progress_.step = state_.step;
      progress_.skipped_steps = state_.skipped_steps;
      parallel_.together([&] { report_->progress(progress_); });
      save_checkpoint();
    } else if (stop) {
      save_checkpoint();
    }
    if (stop && !last) return End::interrupted;
  }
  return state_.step < options_.steps ? End::plateau : End::finished;
}

} // namespace nflow::trainer
