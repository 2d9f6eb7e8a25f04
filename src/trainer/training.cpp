#include "trainer/training.h"

#include "estimators/importance.h"
#include "nflow_error.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>
#include <numeric>

namespace nflow::trainer {

namespace {

constexpr int64_t most_skipped_in_a_row = 10;
constexpr int64_t most_set_backs = 8;

volatile std::sig_atomic_t signal_seen = 0;

double mean_of(const std::vector<double> &values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

} // namespace

void catch_signals() {
  std::signal(SIGINT, [](int) { signal_seen = 1; });
  std::signal(SIGTERM, [](int) { signal_seen = 1; });
}

Training::Training(const TrainOptions &options, const Parallel &parallel, Objective &objective,
                   const Batches &batches, TrainingState state, const nlohmann::json &data_digest)
    : options_(options), parallel_(parallel), objective_(objective), batches_(batches),
      state_(std::move(state)), data_digest_(data_digest),
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
  StepResult result;
  const size_t size = state_.parameters.size();
  // Behind the gradient: both losses, the interrupt, and whether a rank failed.
  std::vector<double> sums(size + 4, 0.0);
  const auto range = parallel_.share(options_.batch);
  const double per_sample = 1.0 / static_cast<double>(options_.batch);
  std::string failure;
  try {
    Points target, prior;
    if (lambda < 1.0) target = batches_.target(state_.step, range);
    if (lambda > 0.0) prior = batches_.prior(state_.step, range);
    const auto terms = objective_.add_gradient(target, (1.0 - lambda) * per_sample, prior,
                                               lambda * per_sample, sums);
    sums[size] = terms.ml * per_sample;
    sums[size + 1] = terms.kl * per_sample;
  } catch (const std::exception &e) {
    failure = e.what();
    failure = "the loss cannot be computed: " + failure.substr(0, failure.find('\n'));
    sums[size + 3] = 1.0;
  }
  sums[size + 2] = signal_seen ? 1.0 : 0.0;
  parallel_.sum(sums);
  if (sums[size + 3] > 0.0) parallel_.throw_if_any(failure);
  result.mean = {sums[size], sums[size + 1]};
  result.interrupted = sums[size + 2] > 0.0;
  sums.resize(size);
  result.gradient = std::move(sums);
  return result;
}

void Training::step() {
  const double lambda = kl_weight_at(state_.step, options_.steps, options_.kl_weight,
                                     options_.kl_start, options_.kl_full);
  auto result = shared_gradient(lambda);
  interrupted_ = interrupted_ || result.interrupted;
  const double loss = (1.0 - lambda) * result.mean.ml + lambda * result.mean.kl;
  const double length = norm(result.gradient);
  progress_.rate = options_.learning_rate * state_.rate_scale *
                   rate_factor(state_.step, options_.steps, options_.warm_up, options_.final_rate);
  if (!std::isfinite(loss) || !std::isfinite(length)) {
    skip();
  } else {
    if (length > options_.clip)
      for (double &g : result.gradient) g *= options_.clip / length;
    adam_.update(state_.parameters, result.gradient, progress_.rate);
    objective_.set_parameters(state_.parameters);
    state_.skipped_in_a_row = 0;
    progress_.loss = loss;
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
    throw Error("the loss stays not finite after " + std::to_string(most_set_backs) +
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
  progress_.validation_nll = progress_.ess = std::numeric_limits<double>::quiet_NaN();
  double score = std::numeric_limits<double>::quiet_NaN();
  if (objective_.has_energy()) {
    std::vector<double> mine;
    parallel_.together([&] {
      const auto range = parallel_.share(options_.ess_samples);
      mine = objective_.log_weights(batches_.validation_prior(range));
    });
    const auto log_weights = parallel_.gather(mine);
    progress_.ess = estimators::ess_fraction(log_weights);
    score = -mean_of(log_weights);
  }
  if (batches_.validation_count() > 0) {
    const auto count = std::min(options_.validation_samples, batches_.validation_count());
    std::vector<double> mine;
    parallel_.together([&] {
      const auto range = parallel_.share(count);
      mine = objective_.negative_log_likelihood(batches_.validation(count, range));
    });
    score = mean_of(parallel_.gather(mine));
    // The entropy of the momenta is not the flow's: without it, flows with and without compare.
    const auto &flow = options_.flow;
    const double momenta =
        flow.architecture == "tsf" ? 0.5 * std::log(2.0 * M_PI * M_E * flow.tau) : 0.0;
    progress_.validation_nll = score - momenta * static_cast<double>(flow.n_atoms * flow.dim);
  }
  state_.without_progress++;
  const bool no_validation = batches_.validation_count() == 0 && !objective_.has_energy();
  if (no_validation ||
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
    write_checkpoint(state, schedule_options(options_), data_digest_, options_.checkpoint);
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
      report_->progress(progress_);
      save_checkpoint();
    } else if (stop) {
      save_checkpoint();
    }
    if (stop && !last) return End::interrupted;
  }
  return state_.step < options_.steps ? End::plateau : End::finished;
}

} // namespace nflow::trainer
