#include "trainer/thermal_sources.h"

#include "model/units.h"
#include "nflow_error.h"
#include "reference/dump_writer.h"
#include "trainer/configurational_temperature.h"
#include "trainer/lammps/lammps_sampler.h"
#include "trainer/run_common.h"

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

/// Whether samples are of this system; throws Error with what differs. Renumbers atoms within their
/// species where that makes them fit.
void require_fit(Samples &samples, const LammpsSystem &lammps, const std::string &where) {
  const System &system = lammps.system();
  if (samples.n_atoms != system.n_atoms)
    throw Error("the samples" + where + " have " + std::to_string(samples.n_atoms) +
                " atoms, the LAMMPS system has " + std::to_string(system.n_atoms) +
                ": dump group all of this system");
  if (samples.ids != lammps.ids())
    throw Error("the samples" + where +
                " have other atom IDs than the LAMMPS system: dump group all of this system");
  if (!samples.types.empty() && samples.types != system.types &&
      !relabel(samples.types, system.types, samples.dim, samples.x))
    throw Error("the samples" + where +
                " have other atom types than the LAMMPS system: give the dumps of this system");
  for (int64_t k = 0; k < system.dim; k++)
    if (std::fabs(samples.box[k] - system.box[k]) > 1e-6 * system.box[k])
      throw Error("the samples" + where + " have a box length of " +
                  std::to_string(samples.box[k]) + " in " + std::string(1, "xyz"[k]) +
                  ", the LAMMPS system has " + std::to_string(system.box[k]) +
                  ": give the dumps of this system");
}

/// Energies of all frames, each rank a share of them.
std::vector<double> energies_of(const Samples &samples, LammpsSystem &lammps,
                                const Parallel &parallel, const std::string &where) {
  std::vector<double> mine;
  parallel.together([&] {
    const auto range = parallel.share(samples.count());
    mine.resize(range.second - range.first);
    if (mine.empty()) return;
    lammps.evaluate(range.second - range.first, samples.frame(range.first), mine.data(), nullptr);
    for (size_t i = 0; i < mine.size(); i++)
      if (!std::isfinite(mine[i]))
        throw Error("sample " + std::to_string(range.first + i + 1) + where +
                    " has no finite energy in the LAMMPS system: give dumps made with the same "
                    "potential");
  });
  return parallel.gather(mine);
}

/// A mix-up of files would train nonsense without a sign of it.
void check_temperature(const TrainOptions &o, LammpsSystem &lammps, const Parallel &parallel,
                       const std::string &where, ThermalSamples &samples) {
  const double boltzmann = boltzmann_constant(o.units);
  samples.by_forces = configurational_tau(samples.samples, lammps, parallel);
  require_temperature(samples.by_forces, boltzmann * samples.temperature, samples.temperature,
                      where);
  samples.by_forces.mean /= boltzmann;
  samples.by_forces.error /= boltzmann;
}

std::string sample_file(const TrainOptions &o, double temperature) {
  char text[64];
  std::snprintf(text, sizeof(text), ".T%g.dump.gz", temperature);
  return o.output + text;
}

std::string sentence_of(const SampleSet &set, double temperature, const Parallel &parallel) {
  char text[256];
  std::snprintf(text, sizeof(text),
                "sampled T = %g: %lld steps of equilibration (drift z = %.2f), then a frame every "
                "%lld steps (correlation time of the energy %.0f steps)%s",
                temperature, static_cast<long long>(set.equilibration_steps), set.drift,
                static_cast<long long>(set.interval), set.tau,
                parallel.size() > 1 ? " on rank 0" : "");
  return text;
}

/// LAMMPS's own dynamics on all ranks, each a share of the frames; the frames go into a dump, which
/// can be a reservoir later and lets a resumed training have the same samples. In a LAMMPS of its
/// own: dynamics leave atoms in another order, and then sums of energies have other last bits than
/// in a training that is resumed.
void sample(const TrainOptions &o, const Parallel &parallel, double temperature,
            const std::string &file) {
  SampleOptions options;
  options.temperature = temperature;
  const auto range = parallel.share(o.sample);
  options.frames = range.second - range.first;
  options.seed = o.flow.seed;
  options.rank = static_cast<uint32_t>(parallel.rank());
  options.start_temperature = o.sample_start > temperature ? o.sample_start : 0.0;
  SampleSet set;
  parallel.together([&] {
    if (options.frames < 1)
      throw Error("--sample is smaller than the number of ranks: ask for more frames");
    LammpsSystem lammps(o.lammps, o.variables);
    set = LammpsSampler(lammps).sample(options);
  });
  const auto x = parallel.gather(set.samples.x);
  parallel.together([&] {
    if (!parallel.root()) return;
    reference::DumpWriter writer(file, set.samples, 0.0);
    const int64_t numbers = set.samples.n_atoms * set.samples.dim;
    for (int64_t i = 0; i < o.sample; i++) writer.write(i, &x[i * numbers]);
    writer.close();
  });
  if (parallel.root()) std::printf("%s\n", sentence_of(set, temperature, parallel).c_str());
}

} // namespace

std::vector<ThermalSamples> thermal_samples(const TrainOptions &o, LammpsSystem &lammps,
                                            const Parallel &parallel) {
  const System &system = lammps.system();
  for (int64_t k = 0; k < system.dim; k++)
    if (!system.periodic[k])
      throw Error("the LAMMPS system is not periodic in " + std::string(1, "xyz"[k]) +
                  ", which flows between temperatures need: use 'boundary p p p'");
  std::vector<ThermalSamples> all;
  const auto temperatures = o.temperatures();
  for (size_t i = 0; i < temperatures.size(); i++) {
    ThermalSamples samples;
    samples.temperature = temperatures[i];
    const auto where = at_temperature(temperatures[i]);
    auto files = files_of(o, i);
    if (files.empty() && o.sample > 0) {
      files = {sample_file(o, temperatures[i])};
      if (!o.resume) sample(o, parallel, temperatures[i], files[0]);
    }
    samples.samples = shared_samples(files, system.dim, o.units, parallel);
    if (samples.samples.count() > 0) {
      require_fit(samples.samples, lammps, where);
      samples.energies = energies_of(samples.samples, lammps, parallel, where);
      check_temperature(o, lammps, parallel, where, samples);
      samples.split = split_by_blocks(samples.samples, o.validation);
    }
    const bool needed = i + 1 < temperatures.size();
    if (needed && samples.split.training.size() < 2)
      throw Error("there are too few samples" + where + ": give dumps of at least 1000 frames");
    all.push_back(std::move(samples));
  }
  return all;
}

} // namespace nflow::trainer
