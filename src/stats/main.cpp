// nflow-stats LOG: what the exchange log of fix nflow/temper says, with error bars.
#include "base/command_line.h"
#include "files/output_file.h"
#include "stats/output.h"

#include <CLI/CLI.hpp>

namespace {

struct Options {
  std::string log, json, plot;
  std::vector<std::string> thermo;
  int64_t skip = 0;
  double atoms = 1.0;
};

void add_options(CLI::App &app, Options &o) {
  app.add_option("LOG", o.log, "exchange log of fix nflow/temper")->required();
  app.add_option("--thermo", o.thermo, "LAMMPS logs with PotEng, one a partition, in their order");
  app.add_option("--atoms", o.atoms, "number of atoms, where thermo output is normalised by it")
      ->check(CLI::PositiveNumber);
  app.add_option("--skip", o.skip, "leave out the first N scans (exchange attempts of the fix)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--json", o.json, "write all numbers to this file, for programs");
  app.add_option("--plot", o.plot, "draw pictures into this folder, by gnuplot");
}

int run(const Options &o) {
  using namespace nflow;
  using namespace nflow::stats;
  if (!o.json.empty()) { // before the work
    require_writable(o.json);
    auto inputs = o.thermo;
    inputs.push_back(o.log);
    require_other_file(o.json, inputs);
  }
  auto log = read_exchange_log(o.log);
  skip_scans(log, o.skip, o.log);
  Report report;
  FlowSeries series;
  report.pairs = analyse_pairs(log);
  report.ladder = analyse_ladder(log, report.pairs, o.plot.empty() ? nullptr : &series);
  std::vector<std::vector<double>> energies;
  if (!o.thermo.empty()) {
    energies = read_energies(o.thermo, log, o.atoms);
    report.energies = analyse_energies(log, energies);
  }
  print_report(o.log, log, report);
  if (!o.json.empty()) write_json(o.json, log, report);
  if (!o.plot.empty()) draw_plots(o.plot, log, report, series, energies);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app("What the exchange log of fix nflow/temper says, with error bars", "nflow-stats");
  Options options;
  add_options(app, options);
  return nflow::run_program(app, argc, argv, [&] { return run(options); });
}
