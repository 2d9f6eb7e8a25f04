#ifndef NFLOW_TRAINER_COMMAND_TRAIN_OPTIONS_H
#define NFLOW_TRAINER_COMMAND_TRAIN_OPTIONS_H

#include "architectures/flow_setting.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace nflow::trainer {

/// Everything nflow-train is told (docs/nflow-train.md explains each option), and nothing else:
/// what the data and LAMMPS add is in FlowSetting.
struct TrainOptions {
  FlowOptions flow;
  std::string coordinates =
      "cartesian"; // or "internal": the architecture of that name with -internal

  std::vector<std::string> data;
  std::string energy;
  std::string units = "lj";
  double temperature = 0.0;
  int64_t dim = 0; // components of each atom; 0: as the energy file has it

  // Of flows between temperatures:
  std::string lammps;                 // input script
  std::vector<std::string> variables; // name=value, for the script
  double prior_temperature = 0.0;     // T0
  std::vector<std::string> prior_data;
  std::vector<double> ladder; // instead of T0 and T1: T_0, T_1 .., and one file or list for each
  std::vector<std::string> ladder_data;
  int64_t sample = 0;        // frames at each temperature that the trainer samples itself
  double sample_start = 0.0; // temperature where sampling starts; 0: at its own
  std::string loss = "reverse";
  double exchange_start = 0.2;     // fraction of the steps where loss exchange turns to G
  std::vector<std::string> states; // "NAME: CONDITION", see State

  /// Whether the flow goes between temperatures.
  bool thermal() const;
  /// T_0, T_1 .. of the ladder, or T0 and T1.
  std::vector<double> temperatures() const {
    return ladder.empty() ? std::vector<double>{prior_temperature, temperature} : ladder;
  }

  int64_t steps = 8000;
  int64_t batch = 256;
  double learning_rate = 1e-2;
  double beta1 = 0.9;
  double beta2 = 0.999;
  int64_t warm_up = 100;
  double final_rate = 0.01; // fraction of the learning rate at the last step
  double clip = 10.0;
  double kl_weight = 0.0; // lambda at its highest
  double kl_start = 0.5;  // fractions of the steps where lambda leaves zero, and where it is full
  double kl_full = 0.8;
  double cap = 1e3; // in k_B T
  std::string precision = "float32";

  double validation = 0.1;
  int64_t validate_every = 0; // 0: forty times in all
  int64_t validation_samples = 4096;
  int64_t ess_samples = 2048;
  int64_t patience = 20;

  std::string convert; // a model file to write anew, in place of training
  std::string output = "model.pt";
  std::string log;
  std::string checkpoint;
  bool resume = false;
  int64_t stop_at = 0;
  int threads = 1;
  std::string command_line;
  std::string given; // all options as a config file, for ranks to compare
};

/// Reads command line and config file. Returns false where only help or the version was wanted
/// (`text` is to be printed). Throws Error.
bool parse_options(int argc, char **argv, TrainOptions &options, std::string &text);

/// The options that a resumed run must share with the run it resumes, by name, with what `setting`
/// adds to them.
nlohmann::json schedule_options(const TrainOptions &options, const FlowSetting &setting);

} // namespace nflow::trainer

#endif
