// nflow-reference: reference systems whose equilibrium is known exactly: their energy files, exact
// values and samples, and the comparison of flows and simulations with them; and energy files of
// implicit solvent.
#include "base/command_line.h"
#include "reference/commands.h"

#include <CLI/CLI.hpp>

int main(int argc, char **argv) {
  using namespace nflow::reference;
  CLI::App app("Reference systems whose equilibrium is known exactly", "nflow-reference");
  app.require_subcommand(1);
  int exit_code = 0;
  add_multiwell(app);
  add_doublewell64(app);
  add_exact(app);
  add_sample(app);
  add_evaluate(app);
  add_ka2d_table(app);
  add_gb_obc(app);
  add_average(app);
  add_compare(app, exit_code);
  return nflow::run_program(app, argc, argv, [&] { return exit_code; });
}
