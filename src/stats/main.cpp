// nflow-stats LOG: what the exchange log of fix nflow/temper says, with error bars.
// nflow-stats DUMP .. --dihedral I J K L: where a dihedral is, and how often it turns.
#include "base/command_line.h"
#include "base/error.h"
#include "files/output_file.h"
#include "stats/output.h"

#include <CLI/CLI.hpp>

namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string json, plot, csv, series;
  std::vector<std::string> thermo;
  std::vector<int64_t> distances, angles, dihedrals; // IDs in a row
  std::vector<double> borders;
  int64_t skip = 0;
  double atoms = 1.0;
};

void add_chain(CLI::App &app, const char *name, std::vector<int64_t> &ids, int atoms,
               const char *what) {
  app.add_option(name, ids, what)
      ->type_size(atoms)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_options(CLI::App &app, Options &o) {
  app.add_option("INPUT", o.inputs,
                 "exchange log of fix nflow/temper, or dumps with --dihedral, --angle, --distance")
      ->required();
  app.add_option("--thermo", o.thermo, "LAMMPS logs with PotEng, one a partition, in their order");
  app.add_option("--atoms", o.atoms, "number of atoms, where thermo output is normalised by it")
      ->check(CLI::PositiveNumber);
  add_chain(app, "--dihedral", o.dihedrals, 4, "IDs of four atoms; repeatable");
  add_chain(app, "--angle", o.angles, 3, "IDs of three atoms; repeatable");
  add_chain(app, "--distance", o.distances, 2, "IDs of two atoms; repeatable");
  app.add_option("--border", o.borders,
                 "degrees between the wells of dihedrals; else the valleys of the histogram");
  app.add_option("--csv", o.csv, "write the histograms of dihedrals .. to this file");
  app.add_option("--series", o.series, "write what is measured in every frame to this file (CSV)");
  app.add_option(
         "--skip", o.skip,
         "leave out the first N scans (exchange attempts of the fix), or frames of each dump")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--json", o.json, "write all numbers to this file, for programs");
  app.add_option("--plot", o.plot, "draw pictures into this folder, by gnuplot");
}

/// Before the work.
void require_outputs(const Options &o) {
  auto inputs = o.inputs;
  inputs.insert(inputs.end(), o.thermo.begin(), o.thermo.end());
  for (const std::string &output : {o.json, o.csv, o.series}) {
    if (output.empty()) continue;
    nflow::require_writable(output);
    nflow::require_other_file(output, inputs);
  }
  if (!o.json.empty() && !o.csv.empty()) nflow::require_other_file(o.csv, {o.json});
}

void run_log(const Options &o) {
  using namespace nflow::stats;
  nflow::require(
      o.inputs.size() == 1 && o.borders.empty() && o.csv.empty() && o.series.empty(),
      "an exchange log is read alone, without --border, --csv and --series: for dumps name what to "
      "measure, as in --dihedral 1 2 3 4");
  auto log = nflow::read_exchange_log(o.inputs.front());
  skip_scans(log, o.skip, o.inputs.front());
  Report report;
  FlowSeries series;
  report.pairs = analyse_pairs(log);
  report.ladder = analyse_ladder(log, report.pairs, o.plot.empty() ? nullptr : &series);
  std::vector<std::vector<double>> energies;
  if (!o.thermo.empty()) {
    energies = read_energies(o.thermo, log, o.atoms);
    report.energies = analyse_energies(log, energies);
  }
  print_report(o.inputs.front(), log, report);
  if (!o.json.empty()) write_json(o.json, log, report);
  if (!o.plot.empty()) draw_plots(o.plot, log, report, series, energies);
}

void run_dumps(const Options &o, const std::vector<nflow::stats::Chain> &chains) {
  using namespace nflow::stats;
  nflow::require(o.thermo.empty() && o.atoms == 1.0,
                 "--thermo and --atoms go with an exchange log, not with dumps: leave them out");
  nflow::require(o.borders.empty() || !o.dihedrals.empty(),
                 "--border parts dihedrals, and there is none: name one by --dihedral");
  const auto borders = o.borders.empty() ? o.borders : sorted_borders(o.borders);
  const auto series = read_chains(o.inputs, chains, o.skip);
  DumpReport report{o.inputs, series.per_file, chains, {}};
  for (size_t i = 0; i < chains.size(); i++)
    report.reports.push_back(analyse_chain(chains[i], series.values[i], series.per_file, borders));
  print_report(report);
  if (!o.json.empty()) write_json(o.json, report);
  if (!o.csv.empty()) write_histograms(o.csv, report);
  if (!o.series.empty()) write_series(o.series, chains, series);
  if (!o.plot.empty()) draw_histograms(o.plot, report);
}

int run(const Options &o) {
  require_outputs(o);
  std::vector<nflow::stats::Chain> chains;
  for (const auto &[kind, ids] :
       {std::pair{"dihedral", &o.dihedrals}, {"angle", &o.angles}, {"distance", &o.distances}})
    for (const auto &chain : nflow::stats::chains_of(kind, *ids)) chains.push_back(chain);
  if (chains.empty())
    run_log(o);
  else
    run_dumps(o, chains);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  CLI::App app(
      "What the exchange log of fix nflow/temper says, or how dihedrals of dumps turn, with "
      "error bars",
      "nflow-stats");
  Options options;
  add_options(app, options);
  return nflow::run_program(app, argc, argv, [&] { return run(options); });
}
