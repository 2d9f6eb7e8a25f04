#include "trainer/command/run.h"

#include "architectures/architecture.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "files/input_file.h"
#include "files/output_file.h"
#include "trainer/command/convert.h"
#include "trainer/command/run_common.h"
#include "trainer/command/run_thermal.h"
#include "trainer/data/configurational_temperature.h"
#include "trainer/energies/open_source.h"
#ifdef NFLOW_TRAINER_LAMMPS
#include "trainer/energies/thermal_sampling.h"
#endif
#include "trainer/training/exchange_table.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>

namespace nflow::trainer {

namespace {

/// To digits that no order of summation changes.
std::string first_energy(EnergySource &source, const Samples &samples) {
  double energy = 0.0;
  source.evaluate(1, samples.frame(0), &energy, nullptr);
  if (!std::isfinite(energy))
    throw Error("the first sample has no finite energy in " + source.name() +
                ": give dumps of this system");
  return number(energy, 8);
}

/// Of samples and energies, so that a checkpoint is not resumed with others.
nlohmann::json data_digest(const TrainOptions &options, const Samples &samples,
                           EnergySource *source) {
  nlohmann::json digests;
  if (samples.count() > 0) digests["samples"] = digest(samples.x);
  if (source) digests["first_energy"] = first_energy(*source, samples);
  if (options.energy.empty()) return digests;
  const auto bytes = bytes_of(options.energy, "cannot open energy file '" + options.energy +
                                                  "': check that it is still there");
  digests["energy"] = digest(bytes.data(), bytes.size());
  return digests;
}

std::string describe(const GaussianObjective &objective, const Split &split,
                     const Parallel &parallel) {
  const auto &setting = objective.setting();
  std::ostringstream text;
  text << "nflow-train: " << architecture_of(setting).describe(setting) << ", "
       << objective.parameters().size() << " parameters, " << setting.n_atoms << " atoms x "
       << setting.dim << ", " << split.training.size() << " training and "
       << split.validation.size() << " validation samples, " << parallel.size()
       << (parallel.size() == 1 ? " rank" : " ranks");
  return text.str();
}

/// What independent proposals of the flow are worth; nothing where no energy is known.
std::string table(const TrainOptions &options, const Split &split,
                  const estimators::ExchangeReport &report) {
  if (std::isnan(report.forward.mean)) return "";
  std::ostringstream text;
  text << "T " << options.temperature << ", held-out samples: " << split.validation.size()
       << ", proposals: " << options.ess_samples << "\n"
       << exchange_head() << exchange_row("flow", report)
       << "  reverse KL, up to the free energy of the target: " << report.forward.mean << " +- "
       << report.forward.error << "\n";
  return text.str();
}

/// Energies of LAMMPS for the atoms of the samples; throws Error where these were not made at this
/// temperature with its potential.
std::unique_ptr<EnergySource> source_of(std::unique_ptr<EnergySource> lammps, const TrainOptions &o,
                                        const Samples &samples, const Parallel &parallel) {
  std::unique_ptr<EnergySource> part;
  parallel.together([&] { part = part_of_source(std::move(lammps), samples); });
  const auto measured = configurational_tau(samples, *part, parallel);
  parallel.together([&] {
    require_temperature(measured, boltzmann_constant(o.units) * o.temperature, o.temperature, "");
  });
  return part;
}

int run_gaussian(TrainOptions options, const Parallel &parallel) {
  int64_t dim = 0;
  std::unique_ptr<EnergySource> source;
  parallel.together([&] {
    if (!options.lammps.empty()) {
      source = open_source(options);
      options.units = source->system().units;
      if (options.dim == 0) options.dim = source->system().dim;
    }
    dim = moved_components(options);
  });
  const Samples samples = shared_samples(options.data, dim, options.units, parallel);
  if (source) source = source_of(std::move(source), options, samples, parallel);
  const Split split = split_by_blocks(samples, options.validation);
  std::unique_ptr<GaussianObjective> objective;
  parallel.together([&] {
    objective = std::make_unique<GaussianObjective>(options, samples, split, source.get());
  });
  if (samples.count() > 0 && split.training.size() < 2)
    throw AlikeError("the data hold " + std::to_string(samples.count()) +
                     " frames, too few to train on: give more frames in --data");
  const auto &setting = objective->setting();
  Fingerprint fingerprint;
  parallel.together([&] {
    fingerprint = {schedule_options(options, setting), data_digest(options, samples, source.get())};
  });
  parallel.require_same(fingerprint.options.dump() + fingerprint.data.dump(),
                        "the ranks find different energy files '" + options.energy +
                            options.lammps + "': give one that all nodes see");
  auto state = first_state(options, parallel, *objective, fingerprint, [&] {
    if (samples.count() > 0) objective->initialise(samples, split.training);
  });
  const Batches batches(samples, split, objective->metadata().slots(), setting.coordinates(),
                        setting.tau(), setting.seed);
  const GaussianValidator validator(options, parallel, *objective, batches);

  Training training(options, parallel, *objective, batches, validator, std::move(state),
                    fingerprint);
  if (parallel.root()) std::printf("%s\n", describe(*objective, split, parallel).c_str());
  const auto end = training.run();
  if (end == Training::End::interrupted) return interrupted(options, parallel, training);
  Metadata metadata = objective->metadata();
  metadata.provenance["data"] = options.data;
  metadata.provenance["energy"] = options.energy;
  metadata.provenance["samples"] = {{"training", split.training.size()},
                                    {"validation", split.validation.size()}};
  add_provenance(metadata, options, training, parallel, fingerprint);
  estimators::ExchangeReport report;
  std::vector<std::string> worthless{validator.worth(training.state(), report)};
  if (worthless.front().empty()) worthless.clear();
  metadata.provenance["quality"] = {quality_of(report)};
  if (parallel.root()) std::printf("%s", table(options, split, report).c_str());
  return finish(options, parallel, training, end, *objective, metadata, worthless);
}

} // namespace

int run(const TrainOptions &options, const Parallel &parallel) {
  if (!options.convert.empty()) {
    parallel.together([&] {
      if (!parallel.root()) return;
      require_writable(options.output);
      require_other_file(options.output, {options.convert});
      convert(options);
    });
    return 0;
  }
  // Before any work is done that would be lost.
  parallel.together([&] {
    if (!options.energy.empty()) require_model_file(options.energy);
    if (!parallel.root()) return;
    std::vector<std::string> others{options.energy, options.lammps};
    for (const auto *files : {&options.data, &options.prior_data, &options.ladder_data})
      others.insert(others.end(), files->begin(), files->end());
    for (const auto &file : {options.output, options.log, options.checkpoint}) {
      require_writable(file);
      require_other_file(file, others);
      others.push_back(file);
    }
  });
  if (!options.thermal()) return run_gaussian(options, parallel);
#ifdef NFLOW_TRAINER_LAMMPS
  try {
    return run_thermal(options, parallel);
  } catch (const Interruption &stop) {
    if (parallel.root()) std::fprintf(stderr, "nflow-train: %s\n", stop.what());
    return interrupted_code;
  }
#else
  return run_thermal(options, parallel);
#endif
}

} // namespace nflow::trainer
