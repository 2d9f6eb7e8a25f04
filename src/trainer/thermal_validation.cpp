#include "trainer/thermal_validation.h"

#include "model/units.h"

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

std::string padded(const std::string &text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

/// value +- error as wide as `width`; a dash where there is none.
std::string with_error(double value, double error, size_t width) {
  char text[64] = "-";
  if (std::isfinite(value)) std::snprintf(text, sizeof(text), "%.4g +- %.2g", value, error);
  return padded(text, width);
}

std::string percent(double fraction) {
  char text[32] = "-";
  if (std::isfinite(fraction)) std::snprintf(text, sizeof(text), "%.2f %%", 100.0 * fraction);
  return text;
}

std::string row(const char *name, const estimators::ExchangeReport &r) {
  return "  " + padded(name, 12) + with_error(r.j, r.j_error, 20) +
         with_error(r.acceptance, r.acceptance_error, 22) + padded(percent(r.ess_forward), 12) +
         percent(r.ess_backward) + "\n";
}

} // namespace

std::vector<double> ThermalValidator::works(int64_t pair, bool forward, int64_t count) const {
  std::vector<double> mine;
  parallel_.together([&] {
    const auto points = batches_.validation(pair, !forward, count, parallel_.share(count));
    mine = objective_.works(points, forward);
  });
  return parallel_.gather(mine);
}

estimators::ExchangeReport ThermalValidator::report(int64_t pair, int64_t count) const {
  return estimators::exchange_report(works(pair, true, count), works(pair, false, count));
}

estimators::ExchangeReport ThermalValidator::identity(int64_t pair) const {
  const double boltzmann = boltzmann_constant(options_.units);
  const auto &hot = data_[pair], &cold = data_[pair + 1];
  const double change = 1.0 / (boltzmann * cold.temperature) - 1.0 / (boltzmann * hot.temperature);
  std::vector<double> forward, backward;
  for (const int64_t i : hot.split.validation) forward.push_back(change * hot.energies[i]);
  for (const int64_t i : cold.split.validation) backward.push_back(-change * cold.energies[i]);
  return estimators::exchange_report(forward, backward);
}

double ThermalValidator::validate(Progress &progress) const {
  double score = 0.0;
  progress.j = progress.acceptance = progress.ess = progress.ess_backward = 0.0;
  const auto pairs = static_cast<double>(batches_.pairs());
  for (int64_t pair = 0; pair < batches_.pairs(); pair++) {
    const auto r = report(pair, options_.validation_samples);
    progress.j += r.j / pairs;
    progress.acceptance += r.acceptance / pairs;
    progress.ess += r.ess_forward / pairs;
    progress.ess_backward += r.ess_backward / pairs;
    score += (std::isnan(r.j) ? r.forward.mean : r.j) / pairs;
  }
  return score;
}

std::string ThermalValidator::table(const std::vector<double> &untrained,
                                    const std::vector<double> &trained, int64_t count,
                                    std::vector<estimators::ExchangeReport> &of_trained) const {
  std::string text;
  for (int64_t pair = 0; pair < batches_.pairs(); pair++) {
    char head[256];
    std::snprintf(head, sizeof(head),
                  "T %g -> %g, held-out samples: %zu at the prior's temperature, %zu at the "
                  "target's\n",
                  data_[pair].temperature, data_[pair + 1].temperature,
                  data_[pair].split.validation.size(), data_[pair + 1].split.validation.size());
    text += head + ("  " + padded("", 12) + padded("J", 20) + padded("acceptance", 22)) +
            padded("ESS", 12) + "ESS back\n" + row("identity", identity(pair));
    objective_.set_parameters(untrained);
    text += row("untrained", report(pair, count));
    objective_.set_parameters(trained);
    of_trained.push_back(report(pair, count));
    text += row("flow", of_trained.back());
  }
  return text;
}

} // namespace nflow::trainer
