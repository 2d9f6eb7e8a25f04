#include "reference/commands.h"

#include "reference/ka2d.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace nflow::reference {

void add_ka2d_table(CLI::App &app) {
  auto *command = app.add_subcommand(
      "ka2d-table", "Write the two-dimensional Kob-Andersen mixture as a LAMMPS pair table");
  auto output = std::make_shared<std::string>("ka2d.table");
  command->add_option("--output", *output, "table file to write")->capture_default_str();
  command->callback([output] {
    write_ka2d_table(*output);
    std::printf("wrote %s: use it with 'pair_style table spline %d'\n", output->c_str(),
                Ka2dGrid::points);
  });
}

} // namespace nflow::reference
