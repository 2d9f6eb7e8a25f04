#include "reference/commands.h"

#include "base/error.h"
#include "files/input_file.h"
#include "files/output_file.h"
#include "model/model.h"
#include "model/threads.h"
#include "reference/energy_file.h"
#include "reference/evaluation.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace nflow::reference {

namespace {

struct EvaluateOptions {
  std::string model, energy, csv;
  std::vector<double> temperatures = {1.0};
  int64_t count = 10000;
  uint32_t seed = 1;
};

void write_csv(const std::string &path, const std::vector<Evaluation> &rows) {
  OutputFile file(path);
  file.print("temperature,kl,kl_error,nll,nll_x,ess,acceptance\n");
  for (const Evaluation &r : rows)
    file.print("%.10g,%.10g,%.4g,%.10g,%.10g,%.6g,%.6g\n", r.temperature, r.kl, r.kl_error, r.nll,
               r.nll_x, r.ess, r.acceptance);
  file.close();
}

void run_evaluate(const EvaluateOptions &options) {
  use_threads(1);
  if (!options.csv.empty()) { // before the work
    require_writable(options.csv);
    require_other_file(options.csv, {options.model, options.energy});
  }
  const auto system = read_multi_well_file(options.energy);
  require_model_file(options.model);
  Model model(options.model, "cpu");
  const Metadata &metadata = model.metadata();
  if (metadata.prior != Prior::gaussian)
    throw Error("model file '" + options.model +
                "' has no gaussian prior: nflow-reference evaluates models with one only");
  if (metadata.coordinates() != system.dim())
    throw Error("model file '" + options.model + "' is for " +
                std::to_string(metadata.coordinates()) + " coordinates, '" + options.energy +
                "' has " + std::to_string(system.dim()) +
                ": give the energy file that the model was trained on");
  std::printf("# %s on %s: %lld exact samples and %lld of the flow at each temperature\n",
              options.model.c_str(), options.energy.c_str(), static_cast<long long>(options.count),
              static_cast<long long>(options.count));
  std::printf("#     T         KL   error        NLL      NLL_x    ESS %%  acceptance %%\n");
  std::vector<Evaluation> rows;
  for (const double temperature : options.temperatures) {
    const ExactMultiWell exact(system, temperature);
    rows.push_back(evaluate(model, metadata.auxiliary, system, exact, options.count, options.seed));
    const Evaluation &r = rows.back();
    std::printf("%7g %10.4f %7.4f %10.4f %10.4f %8.2f %13.2f\n", r.temperature, r.kl, r.kl_error,
                r.nll, r.nll_x, 100.0 * r.ess, 100.0 * r.acceptance);
    std::fflush(stdout);
  }
  if (!options.csv.empty()) write_csv(options.csv, rows);
}

} // namespace

void add_evaluate(CLI::App &app) {
  auto *command = app.add_subcommand(
      "evaluate",
      "NLL, KL, effective sample size and acceptance of a flow against the exact density");
  auto options = std::make_shared<EvaluateOptions>();
  command->add_option("model", options->model, "model file of a flow with a gaussian prior")
      ->required();
  command->add_option("--energy", options->energy, "energy file of a multi-well")->required();
  command->add_option("--temperatures", options->temperatures, "k_B T in energy units")
      ->capture_default_str();
  command->add_option("--count", options->count, "samples at each temperature")
      ->check(CLI::Range(int64_t{2}, int64_t{1000000000}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "seed of the samples")->capture_default_str();
  command->add_option("--csv", options->csv, "also write the table to this file");
  command->callback([options] { run_evaluate(*options); });
}

} // namespace nflow::reference
