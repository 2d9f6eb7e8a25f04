#include "trainer/train_options.h"

#include "model/units.h"
#include "nflow_error.h"

#include <CLI/CLI.hpp>

#include <cmath>

namespace nflow::trainer {

namespace {

void add_flow_options(CLI::App &app, FlowOptions &flow, bool &plain) {
  const char *group = "Flow";
  app.add_option("--architecture", flow.architecture, "tsf (temperature-steerable) or rnvp")
      ->group(group);
  app.add_flag("--plain,!--structured", plain,
               "multilayer perceptrons instead of linear mixing with per-coordinate networks")
      ->group(group);
  app.add_option("--couplings", flow.couplings, "number of couplings")->group(group);
  app.add_option("--hidden", flow.hidden,
                 "units of a hidden layer (0: 32 for up to 8 coordinates, "
                 "else 64)")
      ->group(group);
  app.add_option("--depth", flow.depth, "hidden layers of the plain form")->group(group);
  app.add_option("--units-per-coordinate", flow.units_per_coordinate,
                 "units of each per-coordinate network of the structured form")
      ->group(group);
  app.add_option("--activation", flow.activation, "tanh, silu or relu")->group(group);
  app.add_option("--dtype", flow.dtype, "float64 or float32: arithmetic of the saved model")
      ->group(group);
  app.add_option("--length", flow.length, "scale of the coordinates where no data give one")
      ->group(group);
}

void add_target_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Target";
  app.add_option("--data", o.data, "LAMMPS dump files with samples at the temperature (.gz too)")
      ->group(group);
  app.add_option("--energy", o.energy, "TorchScript energy file (format nflow-energy)")
      ->group(group);
  app.add_option("--temperature", o.temperature, "temperature of the training")->group(group);
  app.add_option("--units", o.units, "LAMMPS units of temperature, energy and data")->group(group);
  app.add_option("--dim", o.flow.dim,
                 "leading components of each atom that the flow moves "
                 "(default: those of the energy file)")
      ->group(group);
}

void add_schedule_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Training";
  app.add_option("--steps", o.steps, "optimisation steps")->group(group);
  app.add_option("--batch", o.batch, "samples a step, over all ranks")->group(group);
  app.add_option("--learning-rate", o.learning_rate, "highest learning rate of Adam")->group(group);
  app.add_option("--beta1", o.beta1, "Adam's decay of the mean")->group(group);
  app.add_option("--beta2", o.beta2, "Adam's decay of the square")->group(group);
  app.add_option("--warm-up", o.warm_up, "steps of linear warm-up")->group(group);
  app.add_option("--final-rate", o.final_rate, "last learning rate over the highest (cosine)")
      ->group(group);
  app.add_option("--clip", o.clip, "largest norm of the gradient")->group(group);
  app.add_option("--kl-weight", o.kl_weight,
                 "final weight lambda of the energy-based loss (1 "
                 "without data, from the start)")
      ->group(group);
  app.add_option("--kl-start", o.kl_start, "fraction of the steps where lambda leaves zero")
      ->group(group);
  app.add_option("--kl-full", o.kl_full, "fraction of the steps where lambda is full")
      ->group(group);
  app.add_option("--cap", o.cap, "energy, in k_B T, above which the loss grows logarithmically")
      ->group(group);
  app.add_option("--precision", o.precision, "float64 or float32: arithmetic of the training")
      ->group(group);
  app.add_option("--seed", o.flow.seed, "seed of everything random")->group(group);
}

void add_run_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Validation and files";
  app.add_option("--validation", o.validation, "fraction of the data held out, in blocks of time")
      ->group(group);
  app.add_option("--validate-every", o.validate_every, "steps between validations (0: steps/40)")
      ->group(group);
  app.add_option("--validation-samples", o.validation_samples, "most samples of a validation")
      ->group(group);
  app.add_option("--ess-samples", o.ess_samples, "proposals for the effective sample size")
      ->group(group);
  app.add_option("--patience", o.patience,
                 "validations without progress before stopping (0: never)")
      ->group(group);
  app.add_option("--output", o.output, "model file to write")->group(group);
  app.add_option("--log", o.log, "CSV log (default: OUTPUT.csv)")->group(group);
  app.add_option("--checkpoint", o.checkpoint, "checkpoint file (default: OUTPUT.checkpoint)")
      ->group(group);
  app.add_flag("--resume", o.resume, "continue from the checkpoint")->group(group);
  app.add_option("--stop-at", o.stop_at, "stop after this step with a checkpoint")->group(group);
  app.add_option("--threads", o.threads, "LibTorch threads of each rank")->group(group);
}

void require(bool good, const std::string &sentence) {
  if (!good) throw Error(sentence);
}

void check(const TrainOptions &o) {
  require(!o.data.empty() || !o.energy.empty(),
          "there is nothing to learn from: give samples with --data, an energy file with --energy, "
          "or both");
  require(o.temperature > 0.0 && std::isfinite(o.temperature),
          "--temperature must be given, as a positive number in the units of --units");
  boltzmann_constant(o.units);
  require(o.flow.dim >= 0 && o.flow.dim <= 3, "--dim must be 1, 2 or 3");
  require(o.steps >= 1 && o.batch >= 1, "--steps and --batch must be at least 1");
  require(o.learning_rate > 0.0, "--learning-rate must be positive");
  require(o.beta1 >= 0.0 && o.beta1 < 1.0 && o.beta2 >= 0.0 && o.beta2 < 1.0,
          "--beta1 and --beta2 must be at least 0 and below 1");
  require(o.warm_up >= 0 && o.final_rate >= 0.0 && o.final_rate <= 1.0,
          "--warm-up must not be negative and --final-rate must be from 0 to 1");
  require(o.clip > 0.0 && o.cap > 0.0, "--clip and --cap must be positive");
  require(o.kl_weight >= 0.0 && o.kl_weight <= 1.0, "--kl-weight must be from 0 to 1");
  require(o.kl_start >= 0.0 && o.kl_start <= o.kl_full && o.kl_full <= 1.0,
          "--kl-start and --kl-full must be fractions in ascending order");
  require(o.kl_weight == 0.0 || !o.energy.empty(),
          "--kl-weight needs the target's energy: give --energy, or set it to 0");
  require(o.precision == "float64" || o.precision == "float32",
          "--precision must be float64 or float32");
  require(o.validation >= 0.0 && o.validation <= 0.5, "--validation must be from 0 to 0.5");
  require(
      o.validate_every >= 0 && o.validation_samples >= 1 && o.ess_samples >= 2 && o.patience >= 0 &&
          o.stop_at >= 0,
      "--validate-every, --validation-samples, --ess-samples, --patience and --stop-at must not "
      "be negative");
  require(!o.output.empty(), "--output must name a file");
  require(o.threads >= 1, "--threads must be at least 1");
}

std::string quoted_command(int argc, char **argv) {
  std::string text;
  for (int i = 0; i < argc; i++) text += (i ? " " : "") + std::string(argv[i]);
  return text;
}

} // namespace

bool parse_options(int argc, char **argv, TrainOptions &o, std::string &text) {
  CLI::App app("Trains a normalizing flow against LAMMPS samples and a TorchScript energy",
               "nflow-train");
  app.option_defaults()->always_capture_default();
  bool plain = !o.flow.structured;
  app.set_config("--config", "", "config file: lines `option = value`");
  app.allow_config_extras(CLI::config_extras_mode::error);
  add_flow_options(app, o.flow, plain);
  add_target_options(app, o);
  add_schedule_options(app, o);
  add_run_options(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    text = app.help();
    return false;
  } catch (const CLI::ParseError &e) {
    const std::string what = e.what();
    throw Error(what.substr(0, what.find('\n')) + " (nflow-train --help lists the options)");
  }
  o.flow.structured = !plain;
  o.command_line = quoted_command(argc, argv);
  if (o.log.empty()) o.log = o.output + ".csv";
  if (o.checkpoint.empty()) o.checkpoint = o.output + ".checkpoint";
  check(o);
  // No data: the energy is all there is, from the first step on.
  if (o.data.empty()) {
    o.kl_weight = 1.0;
    o.kl_start = o.kl_full = 0.0;
  }
  if (o.validate_every == 0) o.validate_every = std::max<int64_t>(1, o.steps / 40);
  return true;
}

nlohmann::json schedule_options(const TrainOptions &o) {
  const auto &f = o.flow;
  return {{"architecture", f.architecture},
          {"structured", f.structured},
          {"couplings", f.couplings},
          {"hidden", f.hidden},
          {"depth", f.depth},
          {"units-per-coordinate", f.units_per_coordinate},
          {"activation", f.activation},
          {"dtype", f.dtype},
          {"length", f.length},
          {"dim", f.dim},
          {"seed", f.seed},
          {"temperature", o.temperature},
          {"units", o.units},
          {"steps", o.steps},
          {"batch", o.batch},
          {"learning-rate", o.learning_rate},
          {"beta1", o.beta1},
          {"beta2", o.beta2},
          {"warm-up", o.warm_up},
          {"final-rate", o.final_rate},
          {"clip", o.clip},
          {"kl-weight", o.kl_weight},
          {"kl-start", o.kl_start},
          {"kl-full", o.kl_full},
          {"cap", o.cap},
          {"precision", o.precision},
          {"validation", o.validation},
          {"validate-every", o.validate_every},
          {"validation-samples", o.validation_samples},
          {"ess-samples", o.ess_samples},
          {"patience", o.patience}};
}

} // namespace nflow::trainer
