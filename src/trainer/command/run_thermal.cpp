#include "trainer/command/run_thermal.h"

#include "base/error.h"
#include "base/units.h"
#include "estimators/autocorrelation.h"
#include "trainer/command/run_common.h"
#include "trainer/energies/file_energy.h"
#include "trainer/energies/thermal_sources.h"
#include "trainer/training/spline_start.h"
#include "trainer/training/thermal_validation.h"
#ifdef NFLOW_TRAINER_LAMMPS
#include "trainer/energies/pair_scales.h"
#endif

#include <cmath>
#include <cstdio>
#include <sstream>

namespace nflow::trainer {

namespace {

constexpr int lost_state = 4; // exit code

struct Sources {
  std::unique_ptr<FileEnergy> file;
#ifdef NFLOW_TRAINER_LAMMPS
  std::unique_ptr<LammpsSystem> lammps;
#endif
  EnergySource *energies = nullptr;
};

/// Opens the energy file or runs the input script.
Sources open_sources(const TrainOptions &o) {
  Sources sources;
  if (!o.energy.empty()) {
    sources.file = std::make_unique<FileEnergy>(o.energy, o.units);
    sources.energies = sources.file.get();
    return sources;
  }
#ifdef NFLOW_TRAINER_LAMMPS
  sources.lammps = std::make_unique<LammpsSystem>(o.lammps, o.variables);
  sources.energies = sources.lammps.get();
  return sources;
#else
  throw Error("this nflow-train was built without LAMMPS, which --lammps needs: configure with "
              "LAMMPS_SOURCE_DIR and LAMMPS_BINARY_DIR");
#endif
}

/// What the system has, into the options of the flow.
void complete_options(TrainOptions &o, const Sources &sources,
                      const std::vector<ThermalSamples> &data) {
  const System &system = sources.energies->system();
  auto &flow = o.flow;
  flow.n_atoms = system.n_atoms;
  flow.dim = system.dim;
  flow.types = system.types.empty() ? data[0].samples.types : system.types;
  if (is_periodic(flow)) flow.box.assign(system.box.begin(), system.box.begin() + system.dim);
  const double boltzmann = boltzmann_constant(o.units);
  const auto temperatures = o.temperatures();
  for (size_t i = 0; i + 1 < temperatures.size(); i++)
    flow.tau_pairs.emplace_back(boltzmann * temperatures[i], boltzmann * temperatures[i + 1]);
  if (flow.architecture == "spline") complete_spline_start(o, *sources.energies, data);
#ifdef NFLOW_TRAINER_LAMMPS
  if (flow.architecture == "kick-drift")
    complete_pair_scales(flow, *sources.lammps, data[0].samples);
#endif
}

/// The states that the user names, or else those that part the samples of the target, or of the
/// prior, in an open system.
std::vector<std::string> named_states(const TrainOptions &o,
                                      const std::vector<ThermalSamples> &data) {
  if (!o.states.empty() || o.flow.architecture != "spline") return o.states;
  const auto states = states_by_valley(data[1], o.flow.start.active);
  return states.empty() ? states_by_valley(data[0], o.flow.start.active) : states;
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
  if (o.flow.architecture == "spline") {
    const auto &active = o.flow.start.active;
    text << " of " << active.size() << " active coordinates";
    if (!active.empty() && active.size() <= 12)
      text << " (" << coordinate_names(active, o.flow.dim) << ")";
  }
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

using PairReport = ThermalValidator::PairReport;

nlohmann::json quality_of_states(const estimators::ExchangeStates &report,
                                 const std::vector<State> &states) {
  const auto known = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  };
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
  const auto known = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  };
  nlohmann::json list = nlohmann::json::array();
  for (const auto &report : reports) {
    const auto &r = report.exchange;
    list.push_back({{"j", known(r.j)},
                    {"j_error", known(r.j_error)},
                    {"acceptance", known(r.acceptance)},
                    {"ess_forward", known(r.ess_forward)},
                    {"ess_backward", known(r.ess_backward)}});
    if (report.states.states.empty()) continue;
    list.back()["between_states"] = known(report.states.between);
    list.back()["between_ceiling"] = known(report.states.ceiling);
    list.back()["states"] = quality_of_states(report.states, states);
  }
  return list;
}

} // namespace

int run_thermal(TrainOptions options, const Parallel &parallel) {
  Sources sources;
  parallel.together([&] { sources = open_sources(options); });
  options.units = sources.energies->system().units;
  const auto data = thermal_samples(options, *sources.energies, parallel);
  std::unique_ptr<ThermalObjective> objective;
  parallel.together([&] {
    complete_options(options, sources, data);
    objective =
        std::make_unique<ThermalObjective>(options, options.temperatures(), *sources.energies);
  });
  const auto digests = data_digest(data);
  const auto untrained = objective->parameters();
  auto state = first_state(options, parallel, *objective, digests, [] {});
  const int64_t slots = objective->metadata().slots();
  const ThermalBatches batches(data, slots, options.flow.n_atoms * options.flow.dim,
                               options.flow.seed);
  const auto states =
      parse_states(named_states(options, data), options.flow.n_atoms, options.flow.dim);
  const ThermalValidator validator(options, parallel, *objective, batches, data, states);

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
  std::vector<PairReport> reports;
  const auto table = validator.table(untrained, training.state().best_parameters,
                                     4 * options.validation_samples, reports);
  metadata.provenance["quality"] = quality(reports, states);
  if (parallel.root()) std::printf("%s", table.c_str());
  std::vector<std::string> warnings;
  for (size_t pair = 0; pair < reports.size(); pair++)
    for (const auto &text : validator.warnings(static_cast<int64_t>(pair), reports[pair].states))
      warnings.push_back(text);
  metadata.provenance["warnings"] = warnings;
  const int code = finish(options, parallel, training, end, *objective, metadata);
  if (parallel.root())
    for (const auto &text : warnings) std::printf("%s\n", text.c_str());
  return warnings.empty() ? code : lost_state;
}

} // namespace nflow::trainer
