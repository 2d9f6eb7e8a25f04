#include "trainer/training/thermal_validation.h"

#include "trainer/training/exchange_table.h"
#include "trainer/training/worth.h"

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

ThermalValidator::Side ThermalValidator::side(int64_t pair, bool forward, int64_t count) const {
  std::vector<double> mine, before, after;
  const int64_t numbers = objective_.setting().coordinates();
  parallel_.together([&] {
    const auto points = batches_.validation(pair, !forward, count, parallel_.share(count));
    if (states_.empty()) {
      mine = objective_.works(points, forward);
      return;
    }
    std::vector<double> x, mapped;
    mine = objective_.works(points, forward, &mapped);
    const int64_t stride = objective_.metadata().slots() * numbers;
    for (int64_t i = 0; i < points.count; i++)
      x.insert(x.end(), points.values.begin() + i * stride,
               points.values.begin() + i * stride + numbers);
    before = states_of(states_, x, numbers);
    after = states_of(states_, mapped, numbers);
  });
  Side all;
  all.works = parallel_.gather(mine);
  if (states_.empty()) return all;
  const auto gathered = [&](const std::vector<double> &states) {
    const auto values = parallel_.gather(states);
    return std::vector<int>(values.begin(), values.end());
  };
  all.before = gathered(before);
  all.after = gathered(after);
  return all;
}

ThermalValidator::PairReport ThermalValidator::report(int64_t pair, int64_t count) const {
  PairReport report;
  const Side forward = side(pair, true, count), backward = side(pair, false, count);
  report.exchange = estimators::exchange_report(forward.works, backward.works);
  report.acceptance_loss = estimators::acceptance_loss(forward.works, backward.works).value;
  if (!states_.empty())
    report.states = estimators::exchange_states({forward.works, backward.works, forward.before,
                                                 forward.after, backward.before, backward.after},
                                                static_cast<int>(states_.size()));
  return report;
}

estimators::ExchangeReport ThermalValidator::identity(int64_t pair) const {
  const auto &hot = data_[pair], &cold = data_[pair + 1];
  const auto &setting = objective_.setting();
  const double change = 1.0 / setting.tau(pair + 1) - 1.0 / setting.tau(pair);
  std::vector<double> forward, backward;
  for (const int64_t i : hot.split.validation) forward.push_back(change * hot.energies[i]);
  for (const int64_t i : cold.split.validation) backward.push_back(-change * cold.energies[i]);
  return estimators::exchange_report(forward, backward);
}

double ThermalValidator::validate(Progress &progress) const {
  double score = 0.0;
  progress.j = progress.acceptance = progress.ess = progress.ess_backward = 0.0;
  progress.between = progress.between_ceiling = states_.empty() ? NAN : 0.0;
  progress.least_acceptance = NAN;
  progress.lost.clear();
  const auto pairs = static_cast<double>(batches_.pairs());
  for (int64_t pair = 0; pair < batches_.pairs(); pair++) {
    const auto all = report(pair, options_.validation_samples);
    const auto &r = all.exchange;
    progress.j += r.j / pairs;
    progress.acceptance += r.acceptance / pairs;
    progress.ess += r.ess_forward / pairs;
    progress.ess_backward += r.ess_backward / pairs;
    score += (options_.loss == "exchange" ? all.acceptance_loss
              : std::isnan(r.j)           ? r.forward.mean
                                          : r.j) /
             pairs;
    if (all.states.states.empty()) continue;
    progress.between += all.states.between / pairs;
    progress.between_ceiling += all.states.ceiling / pairs;
    if (!(all.states.least_acceptance >= progress.least_acceptance))
      progress.least_acceptance = all.states.least_acceptance;
    for (size_t i = 0; i < states_.size(); i++)
      if (all.states.states[i].lost_at_target() || all.states.states[i].lost_at_prior())
        progress.lost += (progress.lost.empty() ? "" : " ") + states_[i].name();
  }
  return score;
}

std::vector<std::string>
ThermalValidator::warnings(int64_t pair, const estimators::ExchangeStates &report) const {
  std::vector<std::string> sentences;
  const auto add = [&](size_t i, int64_t there, int64_t from, const estimators::Estimate &sampled,
                       const estimators::Estimate &mapped, double z) {
    char text[512];
    std::snprintf(text, sizeof(text),
                  "warning: the flow loses state '%s': of the samples at T = %g, %.2f +- %.2f %% "
                  "are in it, of those at T = %g the flow brings %.2f +- %.2f %% there (z = %.1f); "
                  "train with --loss exchange or both, longer, or with more samples of this state",
                  i < states_.size() ? states_[i].name().c_str() : "(none)",
                  data_[there].temperature, 100.0 * sampled.mean, 100.0 * sampled.error,
                  data_[from].temperature, 100.0 * mapped.mean, 100.0 * mapped.error, z);
    sentences.emplace_back(text);
  };
  for (size_t i = 0; i < report.states.size(); i++) {
    const auto &s = report.states[i];
    if (s.lost_at_target()) add(i, pair + 1, pair, s.target, s.to_target, s.z_target);
    if (s.lost_at_prior()) add(i, pair, pair + 1, s.prior, s.to_prior, s.z_prior);
  }
  return sentences;
}

std::string ThermalValidator::states_table(int64_t pair,
                                           const estimators::ExchangeStates &report) const {
  if (report.states.empty()) return "";
  char text[256];
  std::snprintf(text, sizeof(text),
                "  exchanges that change the state at T = %g: %.2f +- %.2f %% of attempts, of at "
                "most %.2f %%\n",
                data_[pair + 1].temperature, 100.0 * report.between, 100.0 * report.between_error,
                100.0 * report.ceiling);
  std::string table = text;
  const auto column = [](double temperature, const char *what) {
    char name[64];
    std::snprintf(name, sizeof(name), "%s T = %g", what, temperature);
    return padded(name, 18);
  };
  const double hot = data_[pair].temperature, cold = data_[pair + 1].temperature;
  table += "  " + padded("state", 12) + column(cold, "samples") + column(hot, "mapped from") +
           padded("z", 8) + column(cold, "acceptance") + column(hot, "acceptance") + "\n";
  for (size_t i = 0; i < report.states.size(); i++) {
    const auto &s = report.states[i];
    if (i == states_.size() && s.target.mean + s.prior.mean + s.to_target.mean == 0.0) continue;
    std::snprintf(text, sizeof(text), "%.1f", s.z_target);
    table += "  " + padded(i < states_.size() ? states_[i].name() : "(none)", 12) +
             padded(percent(s.target.mean), 18) + padded(percent(s.to_target.mean), 18) +
             padded(text, 8) + padded(percent(s.acceptance_target), 18) +
             percent(s.acceptance_prior) + "\n";
  }
  return table;
}

std::string ThermalValidator::table(const std::vector<double> &untrained,
                                    const std::vector<double> &trained, int64_t count,
                                    std::vector<PairReport> &of_trained) const {
  std::string text;
  for (int64_t pair = 0; pair < batches_.pairs(); pair++) {
    char head[256];
    std::snprintf(head, sizeof(head),
                  "T %g -> %g, held-out samples: %zu at the prior's temperature, %zu at the "
                  "target's\n",
                  data_[pair].temperature, data_[pair + 1].temperature,
                  data_[pair].split.validation.size(), data_[pair + 1].split.validation.size());
    const auto plain = identity(pair);
    text += head + exchange_head() + exchange_row("identity", plain);
    objective_.set_parameters(untrained);
    text += exchange_row("untrained", report(pair, count).exchange);
    objective_.set_parameters(trained);
    of_trained.push_back(report(pair, count));
    of_trained.back().worth = worth_of_exchanges(
        plain, of_trained.back().exchange, data_[pair].temperature, data_[pair + 1].temperature);
    text += exchange_row("flow", of_trained.back().exchange);
    text += states_table(pair, of_trained.back().states);
  }
  return text;
}

} // namespace nflow::trainer
