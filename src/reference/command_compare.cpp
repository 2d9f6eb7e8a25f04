#include "reference/commands.h"

#include "base/error.h"
#include "files/dump_reader.h"
#include "files/output_file.h"
#include "files/thermo_log.h"
#include "reference/comparison.h"
#include "reference/energy_file.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace nflow::reference {

namespace {

constexpr double largest_allowed_z = 4.0;

struct CompareOptions {
  std::string energy, dump, thermo, density;
  double temperature = 1.0;
  int64_t skip = 0, coordinates = 5, bins = 60;
  bool all = false;
};

std::vector<double> read_frames(const CompareOptions &options, int64_t dim) {
  auto samples = read_dumps({options.dump}, 1);
  if (samples.n_atoms != dim)
    throw Error("'" + options.dump + "' has " + std::to_string(samples.n_atoms) + " atoms, '" +
                options.energy + "' is for " + std::to_string(dim) +
                ": give the dump and the energy file of one system");
  const int64_t count = samples.count();
  auto frames = std::move(samples.x);
  if (count - options.skip < 100)
    throw Error("'" + options.dump + "' has " + std::to_string(count) +
                " frames of which --skip leaves " +
                std::to_string(std::max<int64_t>(count - options.skip, 0)) +
                ": at least 100 are needed for error bars");
  frames.erase(frames.begin(), frames.begin() + options.skip * dim);
  return frames;
}

double size_of_z(const Observable &o) {
  return std::isnan(o.z()) ? HUGE_VAL : std::abs(o.z());
}

void print_row(const Observable &o) {
  std::printf("%-28s %12.6f +- %-10.6f %12.6f %7.2f %9.0f\n", o.name.c_str(), o.estimate.mean,
              o.estimate.error, o.exact, o.z(), o.estimate.effective_samples);
}

/// One line a kind: how many, the worst one, and the root mean square of z, which should be
/// about 1.
void print_kinds(const std::vector<Observable> &observables) {
  std::vector<std::string> kinds;
  std::map<std::string, std::vector<const Observable *>> of_kind;
  for (const Observable &o : observables) {
    if (of_kind[o.kind].empty()) kinds.push_back(o.kind);
    of_kind[o.kind].push_back(&o);
  }
  std::printf("\n%-28s %6s %12s %12s  %s\n", "kind", "number", "largest |z|", "rms z", "worst");
  for (const auto &kind : kinds) {
    double sum = 0.0;
    const Observable *worst = of_kind[kind].front();
    for (const Observable *o : of_kind[kind]) {
      sum += o->z() * o->z();
      if (std::abs(o->z()) > std::abs(worst->z())) worst = o;
    }
    std::printf("%-28s %6zu %12.2f %12.2f  %s\n", kind.c_str(), of_kind[kind].size(),
                std::abs(worst->z()), std::sqrt(sum / static_cast<double>(of_kind[kind].size())),
                worst->name.c_str());
  }
}

void write_densities(const std::string &path, double temperature,
                     const std::vector<Marginal> &marginals) {
  OutputFile file(path);
  file.print("# temperature %g; coordinate,x,sampled,error,exact; a block a coordinate\n",
             temperature);
  for (const Marginal &m : marginals) {
    for (size_t b = 0; b < m.centre.size(); b++)
      file.print("%lld,%.8g,%.8g,%.4g,%.8g\n", static_cast<long long>(m.coordinate + 1),
                 m.centre[b], m.sampled[b], m.error[b], m.exact[b]);
    file.print("\n\n");
  }
  file.close();
}

void check_marginals(const CompareOptions &options, const ExactMultiWell &exact,
                     const std::vector<double> &frames) {
  std::vector<Marginal> marginals;
  const auto count = std::min(options.coordinates, exact.dim());
  std::printf("\nmarginal densities         bins  chi^2/bin  largest |z| of a bin\n");
  for (int64_t i = 0; i < count; i++) {
    marginals.push_back(compare_marginal(exact, frames, i, static_cast<int>(options.bins)));
    const Marginal &m = marginals.back();
    std::printf("x%-24lld %6lld %10.2f %12.2f\n", static_cast<long long>(i + 1),
                static_cast<long long>(m.used_bins), m.mean_square_z, m.largest_z);
  }
  if (!options.density.empty()) write_densities(options.density, options.temperature, marginals);
}

struct Verdict {
  size_t count = 0;
  Observable worst;
};

/// Prints the table.
Verdict print_comparison(const CompareOptions &options, const std::vector<double> &frames,
                         int64_t dim, double mean_energy, std::vector<Observable> observables) {
  if (!options.thermo.empty()) {
    const auto series = read_thermo_column(options.thermo, "PotEng");
    observables.push_back({"mean energy, LAMMPS log", "mean energy, LAMMPS log",
                           estimators::mean_with_error(series), mean_energy});
  }
  std::printf("# %s at temperature %g: %zu frames of %lld coordinates\n", options.dump.c_str(),
              options.temperature, frames.size() / static_cast<size_t>(dim),
              static_cast<long long>(dim));
  std::printf("%-28s %12s    %-10s %12s %7s %9s\n", "observable", "sampled", "error", "exact", "z",
              "effective");
  for (const Observable &o : observables)
    if (options.all || o.kind == o.name) print_row(o);
  print_kinds(observables);
  return {observables.size(), *std::max_element(observables.begin(), observables.end(),
                                                [](const Observable &a, const Observable &b) {
                                                  return size_of_z(a) < size_of_z(b);
                                                })};
}

/// Returns the exit code.
int run_compare(const CompareOptions &options) {
  Verdict verdict;
  if (!options.density.empty()) { // before the work
    require_writable(options.density);
    require_other_file(options.density, {options.energy, options.dump, options.thermo});
  }
  if (is_double_well64_file(options.energy)) {
    const ExactDoubleWell64 exact(options.temperature);
    const auto frames = read_frames(options, exact.dim());
    verdict =
        print_comparison(options, frames, exact.dim(), exact.mean_energy(), compare(exact, frames));
  } else {
    const auto system = read_multi_well_file(options.energy);
    const ExactMultiWell exact(system, options.temperature);
    const auto frames = read_frames(options, system.dim());
    verdict = print_comparison(options, frames, exact.dim(), exact.mean_energy(),
                               compare(system, exact, frames));
    check_marginals(options, exact, frames);
  }
  const bool agrees = size_of_z(verdict.worst) < largest_allowed_z;
  std::printf("\n%zu observables, largest |z| = %.2f (%s): %s\n", verdict.count,
              size_of_z(verdict.worst), verdict.worst.name.c_str(),
              agrees ? "agrees with the exact values" : "DISAGREES with the exact values");
  return agrees ? 0 : 1;
}

} // namespace

void add_compare(CLI::App &app, int &exit_code) {
  auto *command = app.add_subcommand(
      "compare",
      "Compare the samples of a simulation with the exact values; exit 1 if any |z| >= 4");
  auto options = std::make_shared<CompareOptions>();
  command
      ->add_option("--energy", options->energy, "energy file of a multi-well or of the double well")
      ->required();
  command->add_option("--temperature", options->temperature, "k_B T in energy units")->required();
  command->add_option("--dump", options->dump, "LAMMPS dump with id and x, plain or .gz")
      ->required();
  command->add_option("--thermo", options->thermo, "LAMMPS log: compare its PotEng column too");
  command->add_option("--density", options->density,
                      "write sampled and exact marginal densities of a multi-well (CSV)");
  command->add_option("--skip", options->skip, "frames left out at the start")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--coordinates", options->coordinates, "how many marginal densities")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--bins", options->bins, "bins of a marginal density")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  command->add_flag("--all", options->all, "print every observable");
  command->callback([options, &exit_code] { exit_code = run_compare(*options); });
}

} // namespace nflow::reference
