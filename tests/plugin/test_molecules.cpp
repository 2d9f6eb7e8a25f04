// The molecules of examples/: energies of alanine dipeptide in LAMMPS, implicit solvent included,
// against another implementation; decane against closed forms; both conserve energy.
#include "support/ala2.h"
#include "support/run_command.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace {

using namespace nflow;
using tests::run_command;

const std::string source = NFLOW_SOURCE_DIR;
const std::string folder = source + "/examples/ala2";
const std::string decane = source + "/examples/decane";
const std::string options = " -var folder " + folder + " -var plugin " + tests::plugin_file();

/// The file of the implicit solvent, made as the README says.
void write_solvent(const std::string &force_field, const std::string &file) {
  const auto made = run_command(std::string(NFLOW_REFERENCE) + " gb-obc --table " + folder +
                                "/obc." + force_field + ".txt --output " + file);
  ASSERT_EQ(made.code, 0) << made.output;
}

std::string places(const std::vector<double> &x) {
  std::ostringstream script;
  script.precision(17);
  for (size_t i = 0; i < x.size() / 3; i++)
    script << "set atom " << i + 1 << " x " << x[3 * i] << " y " << x[3 * i + 1] << " z "
           << x[3 * i + 2] << '\n';
  return script.str();
}

/// All configurations, each a row: step, total energy, its parts and the solvent.
tests::LammpsRun energies_of(const tests::Ala2 &wanted, const std::string &extra, bool solvent,
                             int ranks = 1) {
  std::string script = "include " + folder + "/in.system\n" +
                       "thermo_style custom step pe ebond eangle edihed evdwl ecoul" +
                       (solvent ? " f_solvent" : "") + "\nthermo_modify format float %20.14g\n";
  for (const auto &x : wanted.x) script += places(x) + "run 0\n";
  return tests::run_lammps(script, ranks, options + extra);
}

TEST(Molecules, AlanineDipeptideHasTheReferenceEnergies) {
  for (const std::string force_field : {"ff99sbildn", "ff96"}) {
    const tests::Ala2 wanted(source, force_field);
    write_solvent(force_field, "gb.pt");
    const std::string start = " -var start " + folder + "/ala2." + force_field + ".data";
    const auto water = energies_of(wanted, start + " -var gb gb.pt", true);
    const auto vacuum = energies_of(wanted, start + " -var solvent none", false);
    ASSERT_EQ(water.thermo.size(), 10u) << water.output;
    ASSERT_EQ(vacuum.thermo.size(), 10u) << vacuum.output;
    for (size_t i = 0; i < 10; i++) {
      const auto &row = water.thermo[i];
      EXPECT_NEAR(row.at(1), wanted.energy[i], 1e-6) << force_field << " " << i;
      size_t column = 2;
      for (const char *part : {"bond", "angle", "dih", "lj", "coul", "gb"})
        EXPECT_NEAR(row.at(column++), wanted.parts[i].at(part).get<double>(), 1e-6)
            << force_field << " " << i << " " << part;
      EXPECT_NEAR(vacuum.thermo[i].at(1), wanted.energy[i] - wanted.solvent[i], 1e-6);
    }
  }
}

TEST(Molecules, TwoRanksHaveTheSameEnergies) {
  const tests::Ala2 wanted(source, "ff99sbildn");
  write_solvent("ff99sbildn", "gb.pt");
  const auto run = energies_of(wanted, " -var gb gb.pt", true, 2);
  ASSERT_EQ(run.thermo.size(), 10u) << run.output;
  for (size_t i = 0; i < 10; i++) EXPECT_NEAR(run.thermo[i].at(1), wanted.energy[i], 1e-6);
}

/// Largest deviation of the total energy from that of the start, and that of the potential energy,
/// in 500 fs.
struct Deviation {
  double total = 0.0, potential = 0.0;
};
Deviation deviation(const std::string &input, double dt, const std::string &extra) {
  std::ostringstream script;
  script << "include " << input << "\nvelocity all create 600 4711\ntimestep " << dt
         << "\nfix n all nve\nthermo_style custom step etotal pe\n"
         << "thermo_modify format float %20.14g\nthermo 1\nrun " << std::lround(500.0 / dt) << '\n';
  const auto run = tests::run_lammps(script.str(), 1, extra);
  EXPECT_EQ(run.status, 0) << run.output;
  Deviation largest;
  for (const auto &row : run.thermo) {
    largest.total = std::max(largest.total, std::fabs(row.at(1) - run.thermo[0].at(1)));
    largest.potential = std::max(largest.potential, std::fabs(row.at(2) - run.thermo[0].at(2)));
  }
  return largest;
}

/// The error of velocity Verlet is of second order if the forces are those of the energy.
void expect_conserved(const std::string &input, double dt, const std::string &extra) {
  const auto coarse = deviation(input, dt, extra), fine = deviation(input, dt / 2.0, extra);
  EXPECT_GT(fine.potential, 5.0);
  EXPECT_LT(fine.total, 0.01 * fine.potential);
  EXPECT_NEAR(coarse.total / fine.total, 4.0, 0.6) << coarse.total << " " << fine.total;
}

TEST(Molecules, EnergyIsConserved) {
  write_solvent("ff99sbildn", "gb.pt");
  expect_conserved(folder + "/in.system", 0.5, options + " -var gb gb.pt");
  expect_conserved(decane + "/in.system", 1.0, " -var folder " + decane);
}

TEST(Molecules, DecaneHasTheEnergyOfItsPairs) {
  const auto run = tests::run_lammps(
      "include " + decane + "/in.system\nthermo_style custom step pe ebond eangle edihed evdwl\n" +
          "thermo_modify format float %20.14g\nrun 0\n",
      1, " -var folder " + decane);
  ASSERT_EQ(run.status, 0) << run.output;
  // All trans: no energy but that of atoms four and more bonds apart.
  const double half = 57.0 * M_PI / 180.0;
  const double along = 1.54 * std::sin(half), across = 1.54 * std::cos(half);
  const auto epsilon = [](int i) { return 0.0019872067 * (i == 1 || i == 10 ? 98.0 : 46.0); };
  const auto sigma = [](int i) { return i == 1 || i == 10 ? 3.75 : 3.95; };
  double energy = 0.0;
  for (int i = 1; i <= 10; i++)
    for (int j = i + 4; j <= 10; j++) {
      const double r = std::hypot((j - i) * along, ((j - i) % 2) * across);
      const double s6 = std::pow(0.5 * (sigma(i) + sigma(j)) / r, 6);
      energy += 4.0 * std::sqrt(epsilon(i) * epsilon(j)) * (s6 * s6 - s6);
    }
  const auto &row = run.thermo.at(0);
  EXPECT_NEAR(row.at(1), energy, 1e-6);
  for (const size_t part : {2, 3, 4}) EXPECT_NEAR(row.at(part), 0.0, 1e-8);
  EXPECT_NEAR(row.at(5), energy, 1e-6);
}

/// Torsions of butane, one of the same script's molecules: c0 + c1 (1 + cos) + ..
TEST(Molecules, TheScriptWritesOtherAlkanes) {
  const std::string script = "awk -v n=4 -f " + decane + "/alkane.awk > butane.data";
  ASSERT_EQ(run_command(script).code, 0);
  std::string steps = "include " + decane + "/in.system\nthermo_style custom step pe\n" +
                      "thermo_modify format float %20.14g\nrun 0\ngroup end id 4\n"
                      "variable bx equal x[3]-x[2]\nvariable by equal y[3]-y[2]\n";
  // About the bond between the carbons 2 and 3.
  for (int k = 0; k < 5; k++)
    steps += "displace_atoms end rotate $(x[2]) $(y[2]) $(z[2]) ${bx} ${by} 0 30\nrun 0\n";
  const auto run =
      tests::run_lammps(steps, 1, " -var folder " + decane + " -var start butane.data");
  ASSERT_EQ(run.thermo.size(), 6u) << run.output;
  for (int k = 0; k < 6; k++) {
    const double phi = (180.0 + 30.0 * k) * M_PI / 180.0;
    const double kelvin = 355.03 * (1.0 + std::cos(phi)) - 68.19 * (1.0 - std::cos(2.0 * phi)) +
                          791.32 * (1.0 + std::cos(3.0 * phi));
    EXPECT_NEAR(run.thermo[k].at(1), 0.0019872067 * kelvin, 1e-6) << k;
  }
  EXPECT_NE(run_command("awk -v n=3 -f " + decane + "/alkane.awk").code, 0);
}

TEST(Molecules, TheDataFileOfDecaneIsTheScripts) {
  const auto made = run_command("awk -v n=10 -f " + decane + "/alkane.awk");
  EXPECT_EQ(made.output, tests::contents(decane + "/decane.data"));
}

TEST(Molecules, DynamicsOfTheExamplesRuns) {
  write_solvent("ff99sbildn", "ala2_gb.pt");
  const std::string steps = " -var steps 200 -var settle 100 -var every 100 -var output md.dump";
  for (const auto &[example, more] : std::vector<std::pair<std::string, std::string>>{
           {folder, ""}, {folder, " -var solvent none"}, {decane, ""}}) {
    const auto run = tests::run_lammps("include " + example + "/in.md\n", 1,
                                       steps + more + " -var plugin " + tests::plugin_file() +
                                           " -var folder " + example);
    ASSERT_EQ(run.status, 0) << run.output;
    EXPECT_EQ(run.thermo.size(), 5u); // steps 0 and 100 of settling, 0, 100 and 200
    const auto dump = tests::contents("md.dump");
    EXPECT_NE(dump.find("ITEM: TIMESTEP\n200\n"), std::string::npos);
  }
}

} // namespace
