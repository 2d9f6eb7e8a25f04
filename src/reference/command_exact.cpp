#include "reference/commands.h"

#include "reference/energy_file.h"
#include "reference/exact_double_well64.h"
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

void print_exact(const ExactDoubleWell64 &exact) {
  std::printf("# temperature %g\n", exact.temperature());
  std::printf("mean_energy     %18.12g\n", exact.mean_energy());
  std::printf("energy_variance %18.12g\n", exact.energy_variance());
  std::printf("log_partition   %18.12g\n", exact.log_partition());
  std::printf("free_energy     %18.12g\n", -exact.temperature() * exact.log_partition());
  std::printf("P(x_1 > 0)      %18.12g\n", exact.positive_population());
  std::printf("basins_dF/kT    %18.12g   F(x_1 > 0) - F(x_1 < 0)\n",
              exact.free_energy_difference());
  std::printf("#  i           <x_i>         <x_i^2>   (3 to 64 are alike)\n");
  for (int i = 0; i < 3; i++)
    std::printf("%4d %15.10f %15.10f\n", i + 1, exact.mean(i), exact.mean_square(i));
}

/// Of learned replica exchange, and the free energy difference that its works give (BAR).
void print_double_well64(const std::vector<double> &temperatures) {
  std::vector<ExactDoubleWell64> all;
  for (const double temperature : temperatures) {
    all.emplace_back(temperature);
    print_exact(all.back());
  }
  for (size_t i = 0; i + 1 < all.size(); i++)
    std::printf("# ln Z(%g) - ln Z(%g) = %.12g\n", temperatures[i + 1], temperatures[i],
                all[i + 1].log_partition() - all[i].log_partition());
}

} // namespace

void add_exact(CLI::App &app) {
  auto *command = app.add_subcommand(
      "exact", "Print exact values of a multi-well or of the double well, by quadrature");
  auto file = std::make_shared<std::string>();
  auto temperatures = std::make_shared<std::vector<double>>(1, 1.0);
  command->add_option("file", *file, "energy file of a multi-well or of the double well")
      ->required();
  command
      ->add_option("--temperature", *temperatures,
                   "one or more temperatures, k_B T in energy units")
      ->capture_default_str();
  command->callback([file, temperatures] {
    if (is_double_well64_file(*file)) {
      print_double_well64(*temperatures);
      return;
    }
    const auto system = read_multi_well_file(*file);
    for (const double temperature : *temperatures) print_exact(system, temperature);
  });
}

} // namespace nflow::reference
