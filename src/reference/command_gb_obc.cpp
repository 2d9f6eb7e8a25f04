#include "reference/commands.h"

#include "base/error.h"
#include "base/units.h"
#include "files/output_file.h"
#include "reference/gb_obc.h"

#include <CLI/CLI.hpp>

#include <cstdio>

namespace nflow::reference {

namespace {

struct GbObcOptions {
  std::string table, output = "gb.pt", form = "obc2", units = "real";
  double alpha = 0.0, beta = 0.0, gamma = 0.0; // where they are given
  operators::GbObcConstants constants;
};

/// What the command line says; CLI11 has filled in the options.
operators::GbObcConstants constants_of(const GbObcOptions &options, const CLI::App &command) {
  auto c = options.constants;
  if (options.form == "obc1") {
    c.alpha = 0.8;
    c.beta = 0.0;
    c.gamma = 2.909125;
  }
  if (command.count("--alpha") > 0) c.alpha = options.alpha;
  if (command.count("--beta") > 0) c.beta = options.beta;
  if (command.count("--gamma") > 0) c.gamma = options.gamma;
  c.coulomb = coulomb_constant(options.units);
  for (const char *option : {"--offset", "--surface-tension", "--probe"})
    require(options.units == "real" || command.count(option) > 0,
            std::string("the default of ") + option + " is in units real: give it in those of '" +
                options.units + "'");
  return c;
}

void make_gb_obc(const GbObcOptions &options, const CLI::App &command) {
  const auto constants = constants_of(options, command);
  const auto atoms = read_gb_table(options.table, constants.offset);
  require_writable(options.output);
  require_other_file(options.output, {options.table});
  write_gb_obc_file(atoms, constants, options.units, options.output);
  std::printf("wrote %s: generalised Born of %lld atoms, alpha = %g, beta = %g, gamma = %g\n",
              options.output.c_str(), static_cast<long long>(atoms.size()), constants.alpha,
              constants.beta, constants.gamma);
}

} // namespace

void add_gb_obc(CLI::App &app) {
  auto *command = app.add_subcommand(
      "gb-obc", "Write implicit solvent (generalised Born, OBC) of a molecule as an energy file");
  auto options = std::make_shared<GbObcOptions>();
  auto &c = options->constants;
  command
      ->add_option("--table", options->table,
                   "text file: ID, radius, scale, charge of an atom a line")
      ->required();
  command->add_option("--output", options->output, "energy file to write")->capture_default_str();
  command->add_option("--form", options->form, "which alpha, beta and gamma: obc1 or obc2")
      ->check(CLI::IsMember({"obc1", "obc2"}))
      ->capture_default_str();
  command->add_option("--alpha", options->alpha, "instead of that of --form");
  command->add_option("--beta", options->beta, "instead of that of --form");
  command->add_option("--gamma", options->gamma, "instead of that of --form");
  const auto size = [&](const char *name, double &value, const char *meaning) {
    command->add_option(name, value, meaning)->check(CLI::NonNegativeNumber)->capture_default_str();
  };
  size("--offset", c.offset, "what radii are reduced by");
  size("--surface-tension", c.surface_tension, "energy an area of the surface term; 0: none");
  size("--probe", c.probe, "radius of a solvent molecule, for the surface term");
  const auto dielectric = [&](const char *name, double &value, const char *meaning) {
    command->add_option(name, value, meaning)->check(CLI::PositiveNumber)->capture_default_str();
  };
  dielectric("--dielectric", c.inner, "dielectric constant of the molecule");
  dielectric("--solvent-dielectric", c.outer, "dielectric constant of the solvent");
  command->add_option("--units", options->units, "unit style of LAMMPS")->capture_default_str();
  command->callback([options, command] { make_gb_obc(*options, *command); });
}

} // namespace nflow::reference
