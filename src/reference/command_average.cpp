#include "reference/commands.h"

#include "base/error.h"
#include "estimators/autocorrelation.h"
#include "files/thermo_log.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace nflow::reference {

namespace {

struct AverageOptions {
  std::vector<std::string> logs;
  std::string column = "PotEng";
  int64_t atoms = 1, skip = 0;
};

void print_estimate(const char *name, const estimators::Estimate &e, double atoms) {
  std::printf("%-10s %14.7g +- %-12.4g %10.1f %12.0f\n", name, e.mean / atoms, e.error / atoms,
              e.tau, e.effective_samples);
}

void run_average(const AverageOptions &options) {
  std::printf("%-10s %14s    %-12s %10s %12s\n", options.column.c_str(), "value", "error", "tau",
              "effective");
  for (const std::string &log : options.logs) {
    auto series = read_thermo_column(log, options.column);
    if (static_cast<int64_t>(series.size()) - options.skip < 100)
      throw Error("'" + log + "' has " + std::to_string(series.size()) +
                  " thermo lines in its last run: error bars need at least 100 after --skip");
    series.erase(series.begin(), series.begin() + options.skip);
    std::printf("# %s\n", log.c_str());
    const auto atoms = static_cast<double>(options.atoms);
    print_estimate("mean", estimators::mean_with_error(series), atoms);
    print_estimate("variance", estimators::variance_with_error(series), atoms);
  }
}

} // namespace

void add_average(CLI::App &app) {
  auto *command = app.add_subcommand(
      "average", "Mean and variance of a column of LAMMPS logs, with errors from autocorrelation");
  auto options = std::make_shared<AverageOptions>();
  command->add_option("logs", options->logs, "LAMMPS logs; the last run of each counts")
      ->required();
  command->add_option("--column", options->column, "thermo column")->capture_default_str();
  command->add_option("--atoms", options->atoms, "divide mean and variance by this number")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--skip", options->skip, "lines left out at the start")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options] { run_average(*options); });
}

} // namespace nflow::reference
