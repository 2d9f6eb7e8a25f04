#include "trainer/run.h"

#include "model/units.h"
#include "nflow_error.h"
#include "trainer/training.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

namespace nflow::trainer {

namespace {

/// The root reads, all ranks get it: one reader on the file system, one place where errors arise.
Samples read_samples(const TrainOptions &options, const Parallel &parallel) {
  Samples samples;
  if (options.data.empty()) return samples;
  std::string header;
  parallel.together([&] {
    if (!parallel.root()) return;
    samples = read_dumps(options.data, options.flow.dim);
    if (!samples.units.empty() && samples.units != options.units)
      throw Error("the data are in units " + samples.units + ", the training in " + options.units +
                  ": give --units " + samples.units);
    header = nlohmann::json{{"atoms", samples.n_atoms},
                            {"dim", samples.dim},
                            {"ids", samples.ids},
                            {"types", samples.types},
                            {"box", samples.box},
                            {"units", samples.units},
                            {"periodic",
                             {samples.periodic[0], samples.periodic[1], samples.periodic[2]}},
                            {"frames", samples.per_file}}
                 .dump();
  });
  parallel.broadcast(header);
  parallel.broadcast(samples.x);
  if (parallel.root()) return samples;
  const auto json = nlohmann::json::parse(header);
  samples.n_atoms = json.at("atoms");
  samples.dim = json.at("dim");
  samples.ids = json.at("ids").get<std::vector<int64_t>>();
  samples.types = json.at("types").get<std::vector<int>>();
  samples.box = json.at("box").get<std::vector<double>>();
  samples.units = json.at("units");
  samples.per_file = json.at("frames").get<std::vector<int64_t>>();
  for (int k = 0; k < 3; k++) samples.periodic[k] = json.at("periodic").at(k);
  return samples;
}

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

TrainingState first_state(const TrainOptions &options, const Parallel &parallel,
                          Objective &objective, const Samples &samples, const Split &split,
                          const nlohmann::json &data) {
  TrainingState state;
  parallel.together([&] {
    if (options.resume) {
      state = read_checkpoint(schedule_options(options), data, options.checkpoint);
      return;
    }
    if (!parallel.root()) return;
    if (samples.count() > 0) objective.initialise(samples, split.training);
    state.parameters = objective.parameters();
    state.constants = objective.constants();
  });
  parallel.broadcast(state.parameters);
  parallel.broadcast(state.constants);
  objective.set_constants(state.constants);
  return state;
}

std::string today() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

Metadata provenance(const TrainOptions &o, const Training &training, const Objective &objective,
                    const Parallel &parallel, const Split &split, const nlohmann::json &data) {
  Metadata metadata = objective.metadata();
  const auto &state = training.state();
  const auto known = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  };
  auto &p = metadata.provenance;
  p["program"] = "nflow-train";
  p["version"] = NFLOW_VERSION;
  p["command"] = o.command_line;
  p["options"] = schedule_options(o);
  p["data"] = o.data;
  p["energy"] = o.energy;
  p["data_digest"] = data;
  p["samples"] = {{"training", split.training.size()}, {"validation", split.validation.size()}};
  p["seed"] = o.flow.seed;
  p["ranks"] = parallel.size();
  p["steps_done"] = state.step;
  p["best_step"] = state.best_step;
  p["skipped_steps"] = state.skipped_steps;
  p["losses"] = {{"training", known(training.last().loss)},
                 {"best_validation", known(state.best_score)},
                 {"last_validation_nll", known(training.last().validation_nll)},
                 {"last_ess", known(training.last().ess)}};
  p["date"] = today();
  p["seconds"] = training.seconds();
  return metadata;
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

} // namespace

int run(TrainOptions options, const Parallel &parallel) {
  parallel.together([&] { complete_dim(options); });
  const Samples samples = read_samples(options, parallel);
  std::unique_ptr<Objective> objective;
  parallel.together([&] { objective = std::make_unique<Objective>(options, samples); });
  const Split split = split_by_blocks(samples, options.validation);
  if (samples.count() > 0 && split.training.size() < 2)
    throw Error("the data hold " + std::to_string(samples.count()) +
                " frames, too few to train on: give more frames in --data");
  const auto data = data_digest(options, samples);
  auto state = first_state(options, parallel, *objective, samples, split, data);
  const int64_t slots = options.flow.architecture == "tsf" ? 2 : 1;
  const Batches batches(samples, split, slots, options.flow.n_atoms * options.flow.dim,
                        options.flow.tau, options.flow.seed);

  Training training(options, parallel, *objective, batches, std::move(state), data);
  if (parallel.root()) std::printf("%s\n", describe(options, *objective, split, parallel).c_str());
  const auto end = training.run();
  if (end == Training::End::interrupted) {
    if (parallel.root())
      std::printf("stopped after step %lld with checkpoint %s: continue with --resume\n",
                  static_cast<long long>(training.state().step), options.checkpoint.c_str());
    return 3;
  }
  const auto metadata = provenance(options, training, *objective, parallel, split, data);
  parallel.together([&] {
    if (parallel.root())
      objective->save(training.state().best_parameters, metadata, options.output);
  });
  if (parallel.root())
    std::printf("%s after %.1f s: wrote %s with the parameters of step %lld\n",
                end == Training::End::plateau ? "no more progress" : "finished", training.seconds(),
                options.output.c_str(), static_cast<long long>(training.state().best_step));
  return 0;
}

} // namespace nflow::trainer
