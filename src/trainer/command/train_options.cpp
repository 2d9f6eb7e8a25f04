#include "trainer/command/train_options.h"

#include "architectures/architecture.h"
#include "architectures/shared_options.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/units.h"
#include "files/input_file.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <map>
#include <type_traits>

namespace nflow::trainer {

namespace {

/// "tsf (temperature-steerable) or rnvp (...)" of the architectures with this prior.
std::string summaries(Prior prior) {
  std::vector<std::string> texts;
  for (const auto &architecture : architectures()) {
    const auto &p = architecture->properties();
    if (p.prior == prior) texts.push_back(p.name + " (" + p.summary + ")");
  }
  return listed(texts, "or");
}

/// Lists of numbers may have commas between them, lists of lengths and energies may not.
template <class T>
void add_option_of_flow(CLI::App &app, const OptionText &text, T &value, const char *group) {
  if constexpr (std::is_same_v<T, bool>) {
    app.add_flag("!--" + text.opposite + ",--" + text.name, value, text.help)->group(group);
  } else {
    auto *option = app.add_option("--" + text.name, value, text.help)->group(group);
    if constexpr (std::is_same_v<T, std::vector<int64_t>>) option->delimiter(',');
  }
}

/// The options that architectures of this prior are the first to declare.
void add_options_of_flows(CLI::App &app, FlowOptions &flow, Prior prior, const char *group) {
  for (const auto &[text, owner] : declared_options()) {
    if (owner->properties().prior != prior) continue;
    auto &value = flow.values.emplace(text.name, text.standard).first->second;
    std::visit([&, &text = text](auto &v) { add_option_of_flow(app, text, v, group); }, value);
  }
}

void add_flow_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Flow";
  FlowOptions &flow = o.flow;
  app.add_option("--architecture", flow.architecture,
                 summaries(Prior::gaussian) + "; between two temperatures " +
                     summaries(Prior::boltzmann))
      ->group(group);
  app.add_option("--coordinates", o.coordinates,
                 "cartesian or, of one molecule whose bonds --lammps knows, internal: distances, "
                 "angles and torsions (tsf and rnvp)")
      ->group(group);
  add_options_of_flows(app, flow, Prior::gaussian, group);
  app.add_option("--dtype", flow.dtype, "float64 or float32: arithmetic of the saved model")
      ->group(group);
}

void add_thermal_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Between two temperatures";
  app.add_option("--lammps", o.lammps,
                 "LAMMPS input script of the system, without a run (also as the energy of " +
                     architectures_with(
                         [](const Properties &p) { return p.prior == Prior::gaussian; }, "and") +
                     ")")
      ->group(group);
  app.add_option("--variable", o.variables, "name=value, an index variable of the script")
      ->group(group);
  app.add_option("--prior-temperature", o.prior_temperature,
                 "T0, where the flow starts (--temperature is T1)")
      ->group(group);
  app.add_option("--prior-data", o.prior_data, "LAMMPS dump files with samples at T0")
      ->group(group);
  app.add_option("--ladder", o.ladder, "several temperatures, one flow for all neighbours")
      ->group(group);
  app.add_option("--ladder-data", o.ladder_data, "one dump file for each of them")->group(group);
  app.add_option("--sample", o.sample, "sample so many frames at each temperature with LAMMPS")
      ->group(group);
  app.add_option("--sample-start", o.sample_start,
                 "temperature from which sampling cools down (0: none)")
      ->group(group);
  app.add_option("--loss", o.loss, "reverse, forward, both or exchange")->group(group);
  app.add_option("--exchange-start", o.exchange_start,
                 "loss exchange: fraction of the steps that minimise the mean works first")
      ->group(group);
  app.add_option("--state", o.states,
                 "a state for the validation, NAME: CONDITION, as in \"left: x1 < 0\"; repeatable "
                 "(default for spline: two sides of a valley in the samples)")
      ->group(group);
  add_options_of_flows(app, o.flow, Prior::boltzmann, group);
}

void add_target_options(CLI::App &app, TrainOptions &o) {
  const char *group = "Target";
  app.add_option("--data", o.data, "LAMMPS dump files with samples at the temperature (.gz too)")
      ->group(group);
  app.add_option("--energy", o.energy, "TorchScript energy file (format nflow-energy)")
      ->group(group);
  app.add_option("--temperature", o.temperature, "temperature of the training")->group(group);
  app.add_option("--units", o.units, "LAMMPS units of temperature, energy and data")->group(group);
  app.add_option("--dim", o.dim,
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
  app.add_option("--convert", o.convert,
                 "trains nothing: writes the flow of this model file to --output, with "
                 "operators or, with --portable, without")
      ->group(group);
  app.add_option("--output", o.output, "model file to write")->group(group);
  app.add_option("--log", o.log, "CSV log (default: OUTPUT.csv)")->group(group);
  app.add_option("--checkpoint", o.checkpoint, "checkpoint file (default: OUTPUT.checkpoint)")
      ->group(group);
  app.add_flag("--resume", o.resume, "continue from the checkpoint")->group(group);
  app.add_option("--stop-at", o.stop_at, "stop after this step with a checkpoint")->group(group);
  app.add_option("--threads", o.threads, "LibTorch threads of each rank")->group(group);
}

void check_schedule(const TrainOptions &o) {
  require(o.steps >= 1 && o.batch >= 1, "--steps and --batch must be at least 1");
  require(o.learning_rate > 0.0, "--learning-rate must be positive");
  require(o.beta1 >= 0.0 && o.beta1 < 1.0 && o.beta2 >= 0.0 && o.beta2 < 1.0,
          "--beta1 and --beta2 must be at least 0 and below 1");
  require(o.warm_up >= 0 && o.final_rate >= 0.0 && o.final_rate <= 1.0,
          "--warm-up must not be negative and --final-rate must be from 0 to 1");
  require(o.clip > 0.0 && o.cap > 0.0, "--clip and --cap must be positive");
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

/// Energies and loss of flows between temperatures.
void check_thermal_source(const TrainOptions &o) {
  const bool by_file = architecture_of(o.flow).properties().energy_files;
  require(by_file || !o.lammps.empty(), "architecture " + o.flow.architecture +
                                            " takes its energies from LAMMPS: give an input script "
                                            "with --lammps");
  require(by_file || o.energy.empty(),
          "--energy is for " +
              architectures_with([](const Properties &p) { return p.energy_files; }, "and") +
              ": give the system with --lammps");
  require(!by_file || o.lammps.empty() != o.energy.empty(),
          "architecture " + o.flow.architecture +
              " needs energies from one source: give an energy file with --energy, or an input "
              "script with --lammps");
  require(o.sample == 0 || !o.lammps.empty(),
          "--sample needs LAMMPS, which --lammps gives: with --energy give dumps with "
          "--prior-data and --data");
  require(o.loss == "reverse" || o.loss == "forward" || o.loss == "both" || o.loss == "exchange",
          "--loss must be reverse, forward, both or exchange");
  require(o.loss != "exchange" || o.exchange_start >= 0.0, "--exchange-start must not be negative");
  check_exclusive_options(o.flow);
}

void check_thermal(const TrainOptions &o) {
  check_thermal_source(o);
  require(o.sample >= 0 && o.sample_start >= 0.0,
          "--sample and --sample-start must not be negative");
  require(o.ladder.empty() || (o.ladder.size() >= 2 && o.prior_temperature == 0.0 &&
                               o.temperature == 0.0 && o.data.empty() && o.prior_data.empty()),
          "--ladder needs two temperatures or more, and replaces --temperature, "
          "--prior-temperature, --data and --prior-data");
  require(o.ladder.size() <= 2 || architecture_of(o.flow).properties().ladder,
          o.flow.architecture +
              " serves one pair of temperatures: train a model for each pair of the ladder, or "
              "use " +
              architectures_with([](const Properties &p) { return p.ladder; }, "or"));
  require(o.ladder_data.empty() || o.ladder_data.size() == o.ladder.size(),
          "--ladder-data needs one file for each temperature of --ladder");
  for (const double temperature : o.temperatures())
    require(temperature > 0.0 && std::isfinite(temperature),
            "--prior-temperature T0 and --temperature T1 must be given, as positive numbers");
  const auto temperatures = o.temperatures();
  for (size_t i = 1; i < temperatures.size(); i++)
    require(temperatures[i - 1] != temperatures[i],
            o.ladder.empty()
                ? "T0 and T1 are equal: there is nothing to learn between equal temperatures"
                : "two neighbours of --ladder are equal: there is nothing to learn between equal "
                  "temperatures");
  require(o.sample > 0 || !o.prior_data.empty() || !o.ladder_data.empty(),
          "there are no samples at T0: give dumps with --prior-data (or --ladder-data), or "
          "--sample for LAMMPS to make them");
  require(o.loss == "reverse" || o.sample > 0 || !o.data.empty() || !o.ladder_data.empty(),
          "--loss " + o.loss + " needs samples at T1: give --data, or --sample");
}

void check(const TrainOptions &o) {
  if (o.thermal()) {
    check_thermal(o);
    check_schedule(o);
    return;
  }
  require(o.lammps.empty() || o.energy.empty(),
          "--energy and --lammps are two sources of energies: give one of them");
  require(o.lammps.empty() || !o.data.empty(), "with --lammps architecture " + o.flow.architecture +
                                                   " learns from samples: give dumps with --data");
  require(o.states.empty(), "--state is of flows between temperatures");
  require(o.prior_temperature == 0.0 && o.prior_data.empty() && o.ladder.empty() &&
              o.ladder_data.empty() && o.sample == 0,
          "--prior-temperature, --prior-data, --ladder, --ladder-data and --sample are of flows "
          "between temperatures: give the system with --lammps, and --architecture " +
              architectures_with([](const Properties &p) { return p.prior == Prior::boltzmann; },
                                 "or"));
  require(!o.data.empty() || !o.energy.empty(),
          "there is nothing to learn from: give samples with --data, an energy file with --energy, "
          "or both");
  require(o.temperature > 0.0 && std::isfinite(o.temperature),
          "--temperature must be given, as a positive number in the units of --units");
  boltzmann_constant(o.units);
  require(o.dim >= 0 && o.dim <= 3, "--dim must be 1, 2 or 3");
  require(o.kl_weight >= 0.0 && o.kl_weight <= 1.0, "--kl-weight must be from 0 to 1");
  require(o.kl_start >= 0.0 && o.kl_start <= o.kl_full && o.kl_full <= 1.0,
          "--kl-start and --kl-full must be fractions in ascending order");
  require(o.kl_weight == 0.0 || !o.energy.empty() || !o.lammps.empty(),
          "--kl-weight needs the target's energy: give --energy or --lammps, or set it to 0");
  check_schedule(o);
}

using Defaults = std::map<std::string, std::string>;

/// Of flows between temperatures (measured: docs/nflow-train.md).
const Defaults thermal_defaults = {
    {"steps", "3500"}, {"batch", "32"},          {"learning-rate", "3e-2"},    {"beta2", "0.99"},
    {"warm-up", "30"}, {"clip", "50"},           {"final-rate", "0.02"},       {"cap", "100"},
    {"patience", "0"}, {"precision", "float64"}, {"validation-samples", "400"}};

/// Of flows with a gaussian prior whose energies LAMMPS computes one by one.
const Defaults defaults_with_lammps = {{"ess-samples", "512"}};

/// Other defaults, where the user gave nothing.
void take_defaults(CLI::App &app, const Defaults &defaults) {
  for (const auto &[name, value] : defaults) {
    auto *option = app.get_option("--" + name);
    if (option->count() == 0) option->default_val(value);
  }
}

void complete_thermal_schedule(const CLI::App &app, TrainOptions &o) {
  for (const std::string name : {"--kl-weight", "--kl-start", "--kl-full"})
    require(app.get_option(name)->count() == 0,
            name + " is for " +
                architectures_with([](const Properties &p) { return p.prior == Prior::gaussian; },
                                   "and") +
                ": give --loss");
  o.kl_weight = o.loss == "reverse" ? 1.0 : o.loss == "forward" ? 0.0 : 0.5;
  o.kl_start = o.kl_full = 0.0;
  if (o.validate_every == 0) o.validate_every = std::max<int64_t>(1, o.steps / 20);
}

/// The first of the table that needs LAMMPS.
std::string architecture_for_lammps() {
  for (const auto &architecture : architectures())
    if (!architecture->properties().energy_files) return architecture->properties().name;
  throw Error("no architecture needs LAMMPS");
}

/// Internal coordinates are architectures of their own.
void choose_coordinates(TrainOptions &o) {
  require(o.coordinates == "cartesian" || o.coordinates == "internal",
          "--coordinates must be cartesian or internal");
  if (o.coordinates == "cartesian") return;
  const std::string wanted = o.flow.architecture + "-internal";
  for (const auto &architecture : architectures()) {
    const auto &p = architecture->properties();
    if (p.name == o.flow.architecture && p.bonds) return;
    if (p.name == wanted) {
      o.flow.architecture = wanted;
      return;
    }
  }
  throw Error("architecture " + o.flow.architecture +
              " has no internal coordinates: use --architecture tsf, or rnvp");
}

/// Everything else is known from the file.
void check_conversion(const CLI::App &app, const TrainOptions &o) {
  for (const auto *option : app.get_options()) {
    const auto name = option->get_single_name();
    const bool used = name == "convert" || name == "output" || name == "threads" ||
                      name == options::by_operator.name || name == options::by_operator.opposite;
    require(used || option->count() == 0,
            "--convert trains nothing and takes no --" + name + ": leave one of them out");
  }
  require(app.get_option("--output")->count() > 0 && !o.output.empty(),
          "--convert needs --output, the file to write");
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
  app.set_config("--config", "", "config file: lines `option = value`")
      ->check([](const std::string &file) {
        require_regular_file(file, "cannot open the config file '" + file + "': give its path");
        return std::string();
      });
  app.allow_config_extras(CLI::config_extras_mode::error);
  add_flow_options(app, o);
  add_target_options(app, o);
  add_thermal_options(app, o);
  add_schedule_options(app, o);
  add_run_options(app, o);
  if (!parse_command_line(app, argc, argv, text)) return false;
  if (!o.convert.empty()) {
    check_conversion(app, o);
    return true;
  }
  if (!o.lammps.empty() && app.get_option("--architecture")->count() == 0 &&
      o.coordinates != "internal")
    o.flow.architecture = architecture_for_lammps();
  choose_coordinates(o);
  o.command_line = quoted_command(argc, argv);
  o.given = app.config_to_str(true, false);
  if (o.log.empty()) o.log = o.output + ".csv";
  if (o.checkpoint.empty()) o.checkpoint = o.output + ".checkpoint";
  if (o.thermal()) take_defaults(app, thermal_defaults);
  if (!o.thermal() && !o.lammps.empty()) take_defaults(app, defaults_with_lammps);
  take_defaults(app, architecture_of(o.flow).defaults());
  if (o.thermal()) complete_thermal_schedule(app, o);
  check(o);
  // No data: the energy is all there is, from the first step on.
  if (o.data.empty() && !o.thermal()) {
    o.kl_weight = 1.0;
    o.kl_start = o.kl_full = 0.0;
  }
  if (o.validate_every == 0) o.validate_every = std::max<int64_t>(1, o.steps / 40);
  return true;
}

bool TrainOptions::thermal() const {
  return is_thermal(flow);
}

} // namespace nflow::trainer
