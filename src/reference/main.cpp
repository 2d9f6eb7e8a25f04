// nflow-reference: reference systems whose equilibrium is known exactly: their energy files, exact
// values and samples, and the comparison of flows and simulations with them.
#include "base/error.h"
#include "base/version.h"
#include "reference/commands.h"

#include <CLI/CLI.hpp>

#include <cstdio>

int main(int argc, char **argv) {
  CLI::App app("Reference systems whose equilibrium is known exactly", "nflow-reference");
  app.set_version_flag("--version", std::string("nflow-reference ") + nflow::version());
  app.require_subcommand(1);
  int exit_code = 0;
  using namespace nflow::reference;
  try {
    add_multiwell(app);
    add_doublewell64(app);
    add_exact(app);
    add_sample(app);
    add_evaluate(app);
    add_ka2d_table(app);
    add_average(app);
    add_compare(app, exit_code);
    app.parse(argc, argv);
  } catch (const CLI::ParseError &e) {
    if (e.get_exit_code() == 0) return app.exit(e); // --help
    std::fprintf(stderr, "nflow-reference: %s (see nflow-reference --help)\n", e.what());
    return 2;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "nflow-reference: %s\n", e.what());
    return 2;
  }
  return exit_code;
}
