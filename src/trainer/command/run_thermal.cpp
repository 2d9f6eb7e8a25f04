#include "trainer/command/run_thermal.h"

#include "architectures/architecture.h"
#include "base/error.h"
#include "estimators/autocorrelation.h"
#include "trainer/command/run_common.h"
#include "trainer/energies/open_source.h"
#include "trainer/energies/thermal_sources.h"
#include "trainer/training/starting_flow.h"
#include "trainer/training/thermal_setting.h"
#include "trainer/training/thermal_validation.h"

#include <cmath>
#include <cstdio>
#include <sstream>

namespace nflow::trainer {

namespace {

/// The states that the user names, or else those that part the samples of the target, or of the
/// prior, where the architecture knows coordinates that may do so.
std::vector<std::string> named_states(const TrainOptions &o, const FlowSetting &setting,
                                      const std::vector<ThermalSamples> &data) {
  if (!o.states.empty()) return o.states;
  const auto coordinates = architecture_of(setting).dividing_coordinates(setting);
  const auto states = states_by_valley(data[1], coordinates);
  return states.empty() ? states_by_valley(data[0], coordinates) : states;
}

/// Of samples and their energies, so that a checkpoint is not resumed with others.
nlohmann::json data_digest(const std::vector<ThermalSamples> &data) {
  nlohmann::json digests = nlohmann::json::array();
  for (const auto &samples : data) {
    if (samples.energies.empty()) {
      digests.push_back("none");
      continue;
    }
    // To digits that no order of summation changes.
    char energy[32];
    std::snprintf(energy, sizeof(energy), "%.8g",
                  estimators::mean_with_error(samples.energies).mean);
    digests.push_back({{"samples", digest(samples.samples.x)}, {"mean_energy", energy}});
  }
  return digests;
}

std::string describe(const ThermalObjective &objective, const std::vector<ThermalSamples> &data,
                     const Parallel &parallel) {
  const auto &setting = objective.setting();
  std::ostringstream text;
  text << "nflow-train: " << architecture_of(setting).describe(setting) << ", "
       << objective.parameters().size() << " parameters, " << setting.n_atoms << " atoms x "
       << setting.dim << ", " << parallel.size() << (parallel.size() == 1 ? " rank" : " ranks");
  for (const auto &samples : data) {
    text << "\n  T = " << samples.temperature << ": ";
    if (samples.energies.empty()) {
      text << "no samples";
      continue;
    }
    const auto mean = estimators::mean_with_error(samples.energies);
    const auto atoms = static_cast<double>(setting.n_atoms);
    text << samples.split.training.size() << " training and " << samples.split.validation.size()
         << " validation samples, energy per atom " << mean.mean / atoms << " +- "
         << mean.error / atoms;
    if (std::isfinite(samples.by_forces.error))
      text << ", temperature by their forces " << samples.by_forces.mean << " +- "
           << samples.by_forces.error;
  }
  return text.str();
}

nlohmann::json energies_of(const std::vector<ThermalSamples> &data) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto &samples : data) {
    if (samples.energies.empty()) continue;
    const auto mean = estimators::mean_with_error(samples.energies);
    list.push_back({{"temperature", samples.temperature},
                    {"mean", mean.mean},
                    {"error", mean.error},
                    {"count", samples.energies.size()}});
    if (std::isfinite(samples.by_forces.error))
      list.back()["temperature_by_forces"] = {samples.by_forces.mean, samples.by_forces.error};
  }
  return list;
}

using PairReport = ThermalValidator::PairReport;

nlohmann::json quality_of_states(const estimators::ExchangeStates &report,
                                 const std::vector<State> &states) {
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < states.size(); i++) {
    const auto &s = report.states[i];
    list.push_back({{"state", states[i].text()},
                    {"target", s.target.mean},
                    {"mapped_to_target", s.to_target.mean},
                    {"z_target", s.z_target},
                    {"prior", s.prior.mean},
                    {"mapped_to_prior", s.to_prior.mean},
                    {"z_prior", s.z_prior},
                    {"acceptance_given_target", known(s.acceptance_target)},
                    {"acceptance_given_prior", known(s.acceptance_prior)},
                    {"lost", s.lost_at_target() || s.lost_at_prior()}});
  }
  return list;
}

nlohmann::json quality(const std::vector<PairReport> &reports, const std::vector<State> &states) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto &report : reports) {
    list.push_back(quality_of(report.exchange));
    if (report.states.states.empty()) continue;
    list.back()["between_states"] = known(report.states.between);
    list.back()["between_ceiling"] = known(report.states.ceiling);
    list.back()["states"] = quality_of_states(report.states, states);
  }
  return list;
}

} // namespace

int run_thermal(const TrainOptions &options, const Parallel &parallel) {
  std::unique_ptr<EnergySource> source;
  parallel.together([&] { source = open_source(options); });
  check_before_samples(options, *source, parallel);
  const auto data = thermal_samples(options, *source, parallel);
  FlowSetting completed;
  parallel.together(
      [&] { completed = thermal_setting(options.flow, options.temperatures(), *source, data); });
  const auto objective = starting_flow(options, completed, *source, data, parallel);
  const auto &setting = objective->setting();
  Fingerprint fingerprint;
  parallel.together([&] { fingerprint = {schedule_options(options, setting), data_digest(data)}; });
  const auto untrained = objective->parameters();
  auto state = first_state(options, parallel, *objective, fingerprint, [] {});
  const ThermalBatches batches(data, objective->metadata().slots(), setting.coordinates(),
                               setting.seed);
  std::vector<State> states;
  parallel.together([&] {
    states = parse_states(named_states(options, setting, data), setting.n_atoms, setting.dim);
  });
  const ThermalValidator validator(options, parallel, *objective, batches, data, states);

  Training training(options, parallel, *objective, batches, validator, std::move(state),
                    fingerprint);
  if (parallel.root()) std::printf("%s\n", describe(*objective, data, parallel).c_str());
  const auto end = training.run();
  if (end == Training::End::interrupted) return interrupted(options, parallel, training);
  Metadata metadata = objective->metadata();
  const double *typical = data[0].samples.frame(data[0].split.training[0]);
  metadata.example.assign(typical, typical + metadata.coordinates());
  metadata.provenance["prior_data"] = options.prior_data;
  metadata.provenance["data"] = options.data;
  metadata.provenance["ladder_data"] = options.ladder_data;
  metadata.provenance["mean_energy"] = energies_of(data);
  add_provenance(metadata, options, training, parallel, fingerprint);
  std::vector<PairReport> reports;
  const auto table = validator.table(untrained, training.state().best_parameters,
                                     4 * options.validation_samples, reports);
  metadata.provenance["quality"] = quality(reports, states);
  if (parallel.root()) std::printf("%s", table.c_str());
  std::vector<std::string> worthless, lost;
  for (size_t pair = 0; pair < reports.size(); pair++) {
    if (!reports[pair].worth.empty()) worthless.push_back(reports[pair].worth);
    for (const auto &text : validator.warnings(static_cast<int64_t>(pair), reports[pair].states))
      lost.push_back(text);
  }
  return finish(options, parallel, training, end, *objective, metadata, worthless, lost);
}

} // namespace nflow::trainer
