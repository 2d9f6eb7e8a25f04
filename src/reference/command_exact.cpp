#include "reference/commands.h"

#include "reference/energy_file.h"
#include "reference/exact_multi_well.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace nflow::reference {

namespace {

void print_exact(const MultiWell &system, double temperature) {
  const ExactMultiWell exact(system, temperature);
  std::printf("# temperature %g\n", temperature);
  std::printf("mean_energy     %18.12g\n", exact.mean_energy());
  std::printf("energy_variance %18.12g\n", exact.energy_variance());
  std::printf("log_partition   %18.12g\n", exact.log_partition());
  std::printf("free_energy     %18.12g\n", -temperature * exact.log_partition());
  std::printf("entropy         %18.12g\n", exact.entropy());
  std::printf(
      "#  i   P(y_i > 0)           <y_i>         <y_i^2>           <x_i>         <x_i^2>\n");
  for (int64_t i = 0; i < exact.dim(); i++)
    std::printf("%4lld %12.10f %15.10f %15.10f %15.10f %15.10f\n", static_cast<long long>(i + 1),
                exact.positive_population(i), exact.mean_y(i), exact.mean_square_y(i),
                exact.mean_x(i), exact.mean_square_x(i));
}

} // namespace

void add_exact(CLI::App &app) {
  auto *command = app.add_subcommand("exact", "Print exact values of a multi-well, by quadrature");
  auto file = std::make_shared<std::string>();
  auto temperatures = std::make_shared<std::vector<double>>(1, 1.0);
  command->add_option("file", *file, "energy file of a multi-well")->required();
  command
      ->add_option("--temperature", *temperatures,
                   "one or more temperatures, k_B T in energy units")
      ->capture_default_str();
  command->callback([file, temperatures] {
    const auto system = read_multi_well_file(*file);
    for (const double temperature : *temperatures) print_exact(system, temperature);
  });
}

} // namespace nflow::reference
