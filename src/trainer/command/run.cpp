#include "trainer/command/run.h"

#include "base/error.h"
#include "trainer/command/run_common.h"
#include "trainer/command/run_thermal.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

namespace nflow::trainer {

namespace {

/// Of samples and energy file, so that a checkpoint is not resumed with others.
nlohmann::json data_digest(const TrainOptions &options, const Samples &samples) {
  nlohmann::json digests;
  if (samples.count() > 0) digests["samples"] = digest(samples.x);
  if (options.energy.empty()) return digests;
  std::ifstream in(options.energy, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  digests["energy"] = digest(bytes.str().data(), bytes.str().size());
  return digests;
}

std::string describe(const TrainOptions &o, const Objective &objective, const Split &split,
                     const Parallel &parallel) {
  std::ostringstream text;
  text << "nflow-train: " << o.flow.architecture
       << (o.flow.structured ? " structured, " : " plain, ") << o.flow.couplings << " couplings, "
       << objective.parameters().size() << " parameters, " << o.flow.n_atoms << " atoms x "
       << o.flow.dim << ", " << split.training.size() << " training and " << split.validation.size()
       << " validation samples, " << parallel.size() << (parallel.size() == 1 ? " rank" : " ranks");
  return text.str();
}

int run_gaussian(TrainOptions options, const Parallel &parallel) {
  parallel.together([&] { complete_dim(options); });
  const Samples samples = shared_samples(options.data, options.flow.dim, options.units, parallel);
  std::unique_ptr<GaussianObjective> objective;
  parallel.together([&] { objective = std::make_unique<GaussianObjective>(options, samples); });
  const Split split = split_by_blocks(samples, options.validation);
  if (samples.count() > 0 && split.training.size() < 2)
    throw Error("the data hold " + std::to_string(samples.count()) +
                " frames, too few to train on: give more frames in --data");
  const auto data = data_digest(options, samples);
  auto state = first_state(options, parallel, *objective, data, [&] {
    if (samples.count() > 0) objective->initialise(samples, split.training);
  });
  const int64_t slots = options.flow.architecture == "tsf" ? 2 : 1;
  const Batches batches(samples, split, slots, options.flow.n_atoms * options.flow.dim,
                        options.flow.tau, options.flow.seed);
  const GaussianValidator validator(options, parallel, *objective, batches);

  Training training(options, parallel, *objective, batches, validator, std::move(state), data);
  if (parallel.root()) std::printf("%s\n", describe(options, *objective, split, parallel).c_str());
  const auto end = training.run();
  if (end == Training::End::interrupted) return interrupted(options, parallel, training);
  Metadata metadata = objective->metadata();
  metadata.provenance["data"] = options.data;
  metadata.provenance["energy"] = options.energy;
  metadata.provenance["samples"] = {{"training", split.training.size()},
                                    {"validation", split.validation.size()}};
  add_provenance(metadata, options, training, parallel, data);
  return finish(options, parallel, training, end, *objective, metadata);
}

} // namespace

int run(TrainOptions options, const Parallel &parallel) {
  if (!options.thermal()) return run_gaussian(std::move(options), parallel);
  return run_thermal(std::move(options), parallel);
}

} // namespace nflow::trainer
