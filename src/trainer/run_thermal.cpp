#include "trainer/run_thermal.h"

#include "estimators/autocorrelation.h"
#include "model/units.h"
#include "nflow_error.h"
#include "trainer/pair_scales.h"
#include "trainer/run_common.h"
#include "trainer/thermal_sources.h"
#include "trainer/thermal_validation.h"

#include <cmath>
#include <cstdio>
#include <sstream>

namespace nflow::trainer {

namespace {

/// What the system has, into the options of the flow.
void complete_options(TrainOptions &o, LammpsSystem &lammps,
                      const std::vector<ThermalSamples> &data) {
  const System &system = lammps.system();
  auto &flow = o.flow;
  flow.n_atoms = system.n_atoms;
  flow.dim = system.dim;
  flow.types = system.types;
  flow.box.assign(system.box.begin(), system.box.begin() + system.dim);
  const double boltzmann = boltzmann_constant(o.units);
  const auto temperatures = o.temperatures();
  for (size_t i = 0; i + 1 < temperatures.size(); i++)
    flow.tau_pairs.emplace_back(boltzmann * temperatures[i], boltzmann * temperatures[i + 1]);
  if (flow.architecture == "kick-drift") complete_pair_scales(flow, lammps, data[0].samples);
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

std::string describe(const TrainOptions &o, const Objective &objective,
                     const std::vector<ThermalSamples> &data, const Parallel &parallel) {
  std::ostringstream text;
  text << "nflow-train: " << o.flow.architecture << ", ";
  if (o.flow.architecture == "kick-drift")
    text << o.flow.layers << " layers, " << (o.flow.splines ? "splines" : "scalars");
  else
    text << o.flow.couplings << " couplings";
  text << ", " << objective.parameters().size() << " parameters, " << o.flow.n_atoms << " atoms x "
       << o.flow.dim << ", " << parallel.size() << (parallel.size() == 1 ? " rank" : " ranks");
  for (const auto &samples : data) {
    text << "\n  T = " << samples.temperature << ": ";
    if (samples.energies.empty()) {
      text << "no samples";
      continue;
    }
    const auto mean = estimators::mean_with_error(samples.energies);
    const auto atoms = static_cast<double>(o.flow.n_atoms);
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

nlohmann::json quality(const std::vector<estimators::ExchangeReport> &reports) {
  const auto known = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  };
  nlohmann::json list = nlohmann::json::array();
  for (const auto &r : reports)
    list.push_back({{"j", known(r.j)},
                    {"j_error", known(r.j_error)},
                    {"acceptance", known(r.acceptance)},
                    {"ess_forward", known(r.ess_forward)},
                    {"ess_backward", known(r.ess_backward)}});
  return list;
}

} // namespace

int run_thermal(TrainOptions options, const Parallel &parallel) {
  std::unique_ptr<LammpsSystem> lammps;
  parallel.together(
      [&] { lammps = std::make_unique<LammpsSystem>(options.lammps, options.variables); });
  options.units = lammps->system().units;
  const auto data = thermal_samples(options, *lammps, parallel);
  std::unique_ptr<ThermalObjective> objective;
  parallel.together([&] {
    complete_options(options, *lammps, data);
    objective = std::make_unique<ThermalObjective>(options, options.temperatures(), *lammps);
  });
  const auto digests = data_digest(data);
  const auto untrained = objective->parameters();
  auto state = first_state(options, parallel, *objective, digests, [] {});
  const int64_t slots = objective->metadata().slots();
  const ThermalBatches batches(data, slots, options.flow.n_atoms * options.flow.dim,
                               options.flow.seed);
  const ThermalValidator validator(options, parallel, *objective, batches, data);

  Training training(options, parallel, *objective, batches, validator, std::move(state), digests);
  if (parallel.root()) std::printf("%s\n", describe(options, *objective, data, parallel).c_str());
  const auto end = training.run();
  if (end == Training::End::interrupted) return interrupted(options, parallel, training);
  Metadata metadata = objective->metadata();
  const double *typical = data[0].samples.frame(data[0].split.training[0]);
  metadata.example.assign(typical, typical + metadata.coordinates());
  metadata.provenance["prior_data"] = options.prior_data;
  metadata.provenance["data"] = options.data;
  metadata.provenance["ladder_data"] = options.ladder_data;
  metadata.provenance["mean_energy"] = energies_of(data);
  add_provenance(metadata, options, training, parallel, digests);
  std::vector<estimators::ExchangeReport> reports;
  const auto table = validator.table(untrained, training.state().best_parameters,
                                     4 * options.validation_samples, reports);
  metadata.provenance["quality"] = quality(reports);
  if (parallel.root()) std::printf("%s", table.c_str());
  return finish(options, parallel, training, end, *objective, metadata);
}

} // namespace nflow::trainer
