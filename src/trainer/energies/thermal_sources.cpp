#include "trainer/energies/thermal_sources.h"

#include "architectures/architecture.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "files/output_file.h"
#include "trainer/command/run_common.h"
#include "trainer/data/configurational_temperature.h"
#include "trainer/data/states.h"
#include "trainer/training/thermal_setting.h"
#ifdef NFLOW_TRAINER_LAMMPS
#include "trainer/energies/thermal_sampling.h"
#endif

#include <cmath>
#include <cstdio>

namespace nflow::trainer {

namespace {

std::string at_temperature(double temperature) {
  char text[64];
  std::snprintf(text, sizeof(text), " at T = %g", temperature);
  return text;
}

/// The dump files of temperature number i.
std::vector<std::string> files_of(const TrainOptions &o, size_t i) {
  if (!o.ladder.empty())
    return o.ladder_data.empty() ? std::vector<std::string>()
                                 : std::vector<std::string>{o.ladder_data[i]};
  return i == 0 ? o.prior_data : o.data;
}

/// A periodic box for flows that need one, none for the others.
void require_boundaries(const FlowOptions &flow, const EnergySource &source) {
  const auto &properties = architecture_of(flow).properties();
  const auto others = [&] {
    return architectures_with(
        [&](const Properties &p) {
          return p.prior == Prior::boltzmann && (p.periodic != properties.periodic || p.also_open);
        },
        "or");
  };
  const System &system = source.system();
  if (properties.also_open) {
    for (const bool periodic : system.periodic)
      require(periodic == system.periodic[0],
              source.name() + " is periodic along some axes only: use 'boundary p p p', or " +
                  "'boundary f f f' for an open system");
    return;
  }
  for (int64_t k = 0; k < system.dim; k++) {
    const std::string axis(1, "xyz"[k]);
    require(system.periodic[k] || !properties.periodic,
            source.name() + " is not periodic in " + axis +
                ", which this flow between temperatures needs: use 'boundary p p p', or "
                "--architecture " +
                others() + " for an open system");
    require(!system.periodic[k] || properties.periodic,
            source.name() + " is periodic in " + axis + ", and " + properties.name +
                " is for open systems: use " + others() + ", or 'boundary f f f'");
  }
}

/// Whether samples are of this system; throws Error with what differs. Renumbers atoms within their
/// species where that makes them fit.
void require_fit(Samples &samples, const EnergySource &source, const std::string &where) {
  const System &system = source.system();
  if (samples.n_atoms != system.n_atoms)
    throw Error("the samples" + where + " have " + std::to_string(samples.n_atoms) + " atoms, " +
                source.name() + " has " + std::to_string(system.n_atoms) +
                ": dump group all of this system");
  if (!source.ids().empty() && samples.ids != source.ids())
    throw Error("the samples" + where + " have other atom IDs than " + source.name() +
                ": dump group all of this system");
  if (!samples.types.empty() && !system.types.empty() && samples.types != system.types &&
      !relabel(samples.types, system.types, samples.dim, samples.x))
    throw Error("the samples" + where + " have other atom types than " + source.name() +
                ": give the dumps of this system");
  for (int64_t k = 0; k < system.dim; k++)
    if (system.periodic[k] && std::fabs(samples.box[k] - system.box[k]) > 1e-6 * system.box[k])
      throw Error("the samples" + where + " have a box length of " +
                  std::to_string(samples.box[k]) + " in " + std::string(1, "xyz"[k]) + ", " +
                  source.name() + " has " + std::to_string(system.box[k]) +
                  ": give the dumps of this system");
}

/// Energies of all frames, each rank a share of them.
std::vector<double> energies_of(const Samples &samples, EnergySource &source,
                                const Parallel &parallel, const std::string &where) {
  std::vector<double> mine;
  parallel.together([&] {
    const auto range = parallel.share(samples.count());
    mine.resize(range.second - range.first);
    if (mine.empty()) return;
    source.evaluate(range.second - range.first, samples.frame(range.first), mine.data(), nullptr);
    for (size_t i = 0; i < mine.size(); i++)
      if (!std::isfinite(mine[i]))
        throw Error("sample " + std::to_string(range.first + i + 1) + where +
                    " has no finite energy in " + source.name() +
                    ": give dumps made with the same "
                    "potential");
  });
  return parallel.gather(mine);
}

/// What the source of a rank is, by its atoms and by an energy to digits that no order of summation
/// changes.
std::string portrait(EnergySource &source, const Samples &samples) {
  const System &system = source.system();
  double energy = 0.0;
  source.evaluate(1, samples.frame(0), &energy, nullptr);
  std::string text = system.units + number(energy, 8);
  for (const int type : system.types) text += " " + std::to_string(type);
  for (const double length : system.box) text += " " + number(length, 12);
  return text;
}

/// A mix-up of files would train nonsense without a sign of it.
void check_temperature(EnergySource &source, const Parallel &parallel, const std::string &where,
                       ThermalSamples &samples) {
  const double boltzmann = boltzmann_constant(source.system().units);
  samples.by_forces = configurational_tau(samples.samples, source, parallel);
  parallel.together([&] {
    require_temperature(samples.by_forces, boltzmann * samples.temperature, samples.temperature,
                        where);
  });
  samples.by_forces.mean /= boltzmann;
  samples.by_forces.error /= boltzmann;
}

std::string sample_file(const TrainOptions &o, double temperature) {
  char text[64];
  std::snprintf(text, sizeof(text), ".T%g.dump.gz", temperature);
  return o.output + text;
}

} // namespace

void check_before_samples(const TrainOptions &o, EnergySource &source, const Parallel &parallel) {
  parallel.together([&] {
    require_boundaries(o.flow, source);
    check_system(o.flow, o.temperatures(), source);
    // Conditions on atoms that are not there, and the like.
    parse_states(o.states, source.system().n_atoms, source.system().dim);
    if (o.sample > 0 && parallel.root())
      for (size_t i = 0; i < o.temperatures().size(); i++)
        if (files_of(o, i).empty()) require_writable(sample_file(o, o.temperatures()[i]));
  });
}

std::vector<ThermalSamples> thermal_samples(const TrainOptions &o, EnergySource &source,
                                            const Parallel &parallel) {
  const System &system = source.system();
  std::vector<ThermalSamples> all;
  const auto temperatures = o.temperatures();
  for (size_t i = 0; i < temperatures.size(); i++) {
    ThermalSamples samples;
    samples.temperature = temperatures[i];
    const auto where = at_temperature(temperatures[i]);
    auto files = files_of(o, i);
    if (files.empty() && o.sample > 0) {
      files = {sample_file(o, temperatures[i])};
#ifdef NFLOW_TRAINER_LAMMPS
      if (!o.resume) sample_into(o, parallel, temperatures[i], files[0]);
#endif
    }
    samples.samples = shared_samples(files, system.dim, system.units, parallel);
    if (samples.samples.count() > 0) {
      parallel.together([&] { require_fit(samples.samples, source, where); });
      std::string of_rank;
      parallel.together([&] { of_rank = portrait(source, samples.samples); });
      parallel.require_same(of_rank, "the ranks have different systems: see that " + source.name() +
                                         " is the same on all nodes");
      samples.energies = energies_of(samples.samples, source, parallel, where);
      check_temperature(source, parallel, where, samples);
      samples.split = split_by_blocks(samples.samples, o.validation);
    }
    const bool needed = i + 1 < temperatures.size();
    if (needed && samples.split.training.size() < 2)
      throw AlikeError("there are too few samples" + where +
                       ": give dumps of at least 1000 frames");
    all.push_back(std::move(samples));
  }
  return all;
}

} // namespace nflow::trainer
