// nflow-stats LOG: what the exchange log of fix nflow/temper says, with error bars.
#include "base/error.h"
#include "base/version.h"
#include "stats/output.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

int run(int argc, char **argv) {
  CLI::App app("What the exchange log of fix nflow/temper says, with error bars", "nflow-stats");
  std::string file, json, plot;
  std::vector<std::string> thermo;
  int64_t skip = 0;
  double atoms = 1.0;
  app.set_version_flag("--version", std::string("nflow-stats ") + nflow::version());
  app.add_option("LOG", file, "exchange log of fix nflow/temper")->required();
  app.add_option("--thermo", thermo, "LAMMPS logs with PotEng, one a partition, in their order");
  app.add_option("--atoms", atoms, "number of atoms, where thermo output is normalised by it")
      ->check(CLI::PositiveNumber);
  app.add_option("--skip", skip, "leave out the first N scans (exchange attempts of the fix)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--json", json, "write all numbers to this file, for programs");
  app.add_option("--plot", plot, "draw pictures into this folder, by gnuplot");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0) return app.exit(e); // --help
    std::fprintf(stderr, "nflow-stats: %s (see nflow-stats --help)\n", e.what());
    return 2;
  }
  using namespace nflow;
  using namespace nflow::stats;
  auto log = read_exchange_log(file);
  skip_scans(log, skip, file);
  Report report;
  FlowSeries series;
  report.pairs = analyse_pairs(log);
  report.ladder = analyse_ladder(log, report.pairs, &series);
  std::vector<std::vector<double>> energies;
  if (!thermo.empty()) {
    energies = read_energies(thermo, log, atoms);
    report.energies = analyse_energies(log, energies);
  }
  print_report(file, log, report);
  if (!json.empty()) write_json(json, log, report);
  if (!plot.empty()) draw_plots(plot, log, report, series, energies);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "nflow-stats: %s\n", e.what());
    return 2;
  }
}
