#include "reference/commands.h"

#include "base/error.h"
#include "files/dump_writer.h"
#include "files/output_file.h"
#include "reference/energy_file.h"
#include "reference/exact_double_well64.h"
#include "reference/exact_multi_well.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>

namespace nflow::reference {

namespace {

struct MultiWellOptions {
  int64_t dim = 20;
  uint32_t seed = 7;
  std::string matrix, linear, output = "multiwell.pt";
  double b = -4.0, c = 1.0;
};

void make_multi_well(const MultiWellOptions &options) {
  nlohmann::json provenance;
  MultiWell system;
  if (options.matrix.empty() != options.linear.empty())
    throw Error("--matrix and --linear describe one system: give both or neither");
  if (options.matrix.empty()) {
    system = random_multi_well(options.dim, options.seed);
    provenance = {{"seed", options.seed}};
  } else {
    system = read_multi_well(options.matrix, options.linear);
    provenance = {{"matrix", options.matrix}, {"linear", options.linear}};
  }
  system.b = options.b;
  system.c = options.c;
  ExactMultiWell(system, 1.0); // refuses coefficients that make no density
  write_multi_well_file(system, provenance, options.output);
  std::printf("wrote %s: multi-well of %lld dimensions, b = %g, c = %g\n", options.output.c_str(),
              static_cast<long long>(system.dim()), system.b, system.c);
}

struct SampleOptions {
  std::string file, output;
  double temperature = 1.0;
  int64_t count = 50000;
  uint32_t seed = 1;
};

template <class Exact>
void write_samples(const SampleOptions &options, const Exact &exact) {
  require_writable(options.output);
  require_other_file(options.output, {options.file});
  std::vector<double> x(exact.dim());
  const auto sample = [&](int64_t s) {
    RandomStream random(options.seed, 0, static_cast<uint64_t>(s), Purpose::sample);
    exact.sample(random, x.data());
  };
  // Twice the same: there may be more samples than memory.
  double largest = 0.0;
  for (int64_t s = 0; s < options.count; s++) {
    sample(s);
    for (const double value : x) largest = std::max(largest, std::abs(value));
  }
  const double half_box = 10.0 * std::ceil(1.0 + largest / 10.0);
  DumpWriter writer(options.output, line_of_atoms(exact.dim(), half_box), -half_box);
  for (int64_t s = 0; s < options.count; s++) {
    sample(s);
    writer.write(s, x.data());
  }
  writer.close();
  std::printf("wrote %s: %lld independent samples at temperature %g\n", options.output.c_str(),
              static_cast<long long>(options.count), options.temperature);
}

void make_samples(const SampleOptions &options) {
  if (is_double_well64_file(options.file))
    write_samples(options, ExactDoubleWell64(options.temperature));
  else
    write_samples(options, ExactMultiWell(read_multi_well_file(options.file), options.temperature));
}

} // namespace

void add_multiwell(CLI::App &app) {
  auto *command = app.add_subcommand("multiwell", "Write a multi-well potential as an energy file");
  auto options = std::make_shared<MultiWellOptions>();
  command->add_option("--dim", options->dim, "dimensions")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "seed of the random A and a")->capture_default_str();
  command->add_option("--matrix", options->matrix,
                      "text file with your own A, instead of a random one");
  command->add_option("--linear", options->linear, "text file with your own a");
  command->add_option("--quadratic", options->b, "b")->capture_default_str();
  command->add_option("--quartic", options->c, "c")->capture_default_str();
  command->add_option("--output", options->output, "energy file to write")->capture_default_str();
  command->callback([options] { make_multi_well(*options); });
}

void add_doublewell64(CLI::App &app) {
  auto *command =
      app.add_subcommand("doublewell64", "Write the 64-dimensional double well as an energy file");
  auto output = std::make_shared<std::string>("doublewell64.pt");
  command->add_option("--output", *output, "energy file to write")->capture_default_str();
  command->callback([output] {
    write_double_well64_file(*output);
    std::printf("wrote %s: the 64-dimensional double well\n", output->c_str());
  });
}

void add_sample(CLI::App &app) {
  auto *command = app.add_subcommand("sample", "Write independent exact samples as a LAMMPS dump");
  auto options = std::make_shared<SampleOptions>();
  command->add_option("file", options->file, "energy file of a multi-well or of the double well")
      ->required();
  command->add_option("--temperature", options->temperature, "k_B T in energy units")
      ->capture_default_str();
  command->add_option("--count", options->count, "number of samples")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000000}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "seed")->capture_default_str();
  command->add_option("--output", options->output, "dump file, compressed if it ends in .gz")
      ->required();
  command->callback([options] { make_samples(*options); });
}

} // namespace nflow::reference
