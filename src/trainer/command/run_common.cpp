#include "trainer/command/run_common.h"

#include "base/error.h"
#include "base/version.h"

#include <cmath>
#include <cstdio>
#include <ctime>

namespace nflow::trainer {

namespace {

// Exit codes of a model that was written.
constexpr int lost_state = 4;
constexpr int worse_than_none = 5;

std::string today() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

} // namespace

Samples shared_samples(const std::vector<std::string> &files, int64_t dim, const std::string &units,
                       const Parallel &parallel) {
  Samples samples;
  if (files.empty()) return samples;
  std::string header;
  parallel.together([&] {
    if (!parallel.root()) return;
    samples = read_dumps(files, dim);
    if (!samples.units.empty() && samples.units != units)
      throw Error("the data are in units " + samples.units + ", the training in " + units +
                  ": give --units " + samples.units + ", or data of this system");
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

TrainingState first_state(const TrainOptions &options, const Parallel &parallel,
                          Objective &objective, const Fingerprint &fingerprint,
                          const std::function<void()> &initialise) {
  TrainingState state;
  parallel.together([&] {
    if (options.resume) {
      state = read_checkpoint(fingerprint, options.checkpoint);
      return;
    }
    if (!parallel.root()) return;
    initialise();
    state.parameters = objective.parameters();
    state.constants = objective.constants();
  });
  parallel.require_same(std::to_string(state.step) + digest(state.adam_mean) +
                            (options.resume ? digest(state.parameters) : ""),
                        "the ranks find different checkpoints '" + options.checkpoint +
                            "': give one that all nodes see");
  parallel.broadcast(state.parameters);
  parallel.broadcast(state.constants);
  parallel.together([&] {
    require(state.parameters.size() == objective.parameters().size() &&
                state.constants.size() == objective.constants().size(),
            "checkpoint '" + options.checkpoint +
                "' is of a flow of another size: start anew without --resume");
    objective.set_constants(state.constants);
  });
  return state;
}

nlohmann::json known(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

void add_provenance(Metadata &metadata, const TrainOptions &o, const Training &training,
                    const Parallel &parallel, const Fingerprint &fingerprint) {
  const auto &state = training.state();
  auto &p = metadata.provenance;
  p["program"] = "nflow-train";
  p["version"] = version();
  p["command"] = o.command_line;
  p["options"] = fingerprint.options;
  p["data_digest"] = fingerprint.data;
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
}

nlohmann::json quality_of(const estimators::ExchangeReport &r) {
  return {{"j", known(r.j)},
          {"j_error", known(r.j_error)},
          {"acceptance", known(r.acceptance)},
          {"ess_forward", known(r.ess_forward)},
          {"ess_backward", known(r.ess_backward)}};
}

int finish(const TrainOptions &options, const Parallel &parallel, const Training &training,
           Training::End end, Objective &objective, Metadata metadata,
           const std::vector<std::string> &worthless, const std::vector<std::string> &lost) {
  auto warnings = lost;
  warnings.insert(warnings.end(), worthless.begin(), worthless.end());
  metadata.provenance["warnings"] = warnings;
  parallel.together([&] {
    if (parallel.root()) objective.save(training.state().best_parameters, metadata, options.output);
  });
  if (parallel.root()) {
    std::printf("%s after %.1f s: wrote %s with the parameters of step %lld\n",
                end == Training::End::plateau ? "no more progress" : "finished",
                metadata.provenance.at("seconds").get<double>(), options.output.c_str(),
                static_cast<long long>(training.state().best_step));
    for (const auto &text : lost) std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    for (const auto &text : worthless) std::fprintf(stderr, "nflow-train: %s\n", text.c_str());
  }
  return !lost.empty() ? lost_state : worthless.empty() ? 0 : worse_than_none;
}

int interrupted(const TrainOptions &options, const Parallel &parallel, const Training &training) {
  if (parallel.root())
    std::printf("stopped after step %lld with checkpoint %s: continue with --resume\n",
                static_cast<long long>(training.state().step), options.checkpoint.c_str());
  return interrupted_code;
}

} // namespace nflow::trainer
