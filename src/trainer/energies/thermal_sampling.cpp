#include "trainer/energies/thermal_sampling.h"

#include "base/error.h"
#include "files/dump_writer.h"
#include "trainer/energies/lammps_sampler.h"

#include <cstdio>

namespace nflow::trainer {

namespace {

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

} // namespace

void sample_into(const TrainOptions &o, const Parallel &parallel, double temperature,
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
    DumpWriter writer(file, set.samples, 0.0);
    const int64_t numbers = set.samples.n_atoms * set.samples.dim;
    for (int64_t i = 0; i < o.sample; i++) writer.write(i, &x[i * numbers]);
    writer.close();
  });
  if (parallel.root()) std::printf("%s\n", sentence_of(set, temperature, parallel).c_str());
}

} // namespace nflow::trainer
