// fix nflow/mc beside other things that move or hold the atoms: integrators, thermostats,
// minimization, a second fix of its kind, bonds.

#include "estimators/autocorrelation.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

namespace {

using namespace nflow;

/// 50 independent harmonic oscillators in three dimensions, all at unit frequency.
std::string oscillators(double timestep) {
  tests::write_harmonic_energy("oscillators.pt", 50, 3, 1.0);
  tests::write_toy_model("exact.pt", tests::toy_metadata(50, 3));
  return "units lj\natom_modify map array\nboundary f f f\nregion r block -30 30 -30 30 -30 "
         "30\ncreate_box 1 r\n"
         "create_atoms 1 random 50 77 NULL\nset group all x 0.5 y -0.5 z 0.2\nmass 1 "
         "1.0\npair_style zero 1.0\n"
         "pair_coeff * *\nfix e all nflow/energy oscillators.pt\nfix_modify e energy yes\n"
         "velocity all create 1.0 11 mom no\ntimestep " +
         std::to_string(timestep) +
         "\ncompute k all ke\nthermo_style custom step c_k pe\nthermo_modify norm no format float "
         "%20.13g\n";
}

void expect_temperature(const tests::LammpsRun &run, double temperature) {
  ASSERT_EQ(run.status, 0) << run.output;
  std::vector<double> kinetic, potential;
  for (size_t i = run.thermo.size() / 10; i < run.thermo.size(); i++) {
    kinetic.push_back(run.thermo[i].at(1));
    potential.push_back(run.thermo[i].at(2));
  }
  EXPECT_LT(std::fabs(estimators::mean_with_error(kinetic).z_score(75.0 * temperature)), 4.0);
  EXPECT_LT(std::fabs(estimators::mean_with_error(potential).z_score(75.0 * temperature)), 4.0);
}

class BesideLangevin : public ::testing::TestWithParam<const char *> {};

/// Moves come between the half-kicks of velocity Verlet: without completing the step first, the
/// exact flow of this test heats the velocities by tens of percent.
TEST_P(BesideLangevin, BothTemperaturesAreRight) {
  expect_temperature(tests::run_lammps(oscillators(0.05) +
                                       "fix i all nve\nfix l all langevin 1.0 1.0 10.0 4711\n" +
                                       "fix m all nflow/mc " + GetParam() +
                                       "\nthermo 5\nrun 12000\n"),
                     1.0);
}
INSTANTIATE_TEST_SUITE_P(Moves, BesideLangevin,
                         ::testing::Values("1 1 5 1.0 exact.pt",
                                           "10 1 5 1.0 exact.pt velocity redraw",
                                           "5 1 5 1.0 exact.pt move pcn 0.4"));

/// An evaluation must not touch the memory of other fixes: here the noise of the last step.
TEST(Memory, LangevinWithCorrelatedNoiseIsLeftAlone) {
  // A flow so wide that nothing is ever accepted.
  tests::write_toy_model("far.pt", tests::toy_metadata(50, 3), 7.0);
  const auto run = tests::run_lammps(
      oscillators(0.05) + "fix l all langevin 1.0 1.0 1.0 4711 gjf vfull\nfix i all nve\n" +
      "fix m all nflow/mc 1 1 5 1.0 far.pt\nthermo 10\nrun 8000\n");
  if (run.error().find("GJF integrator formulation in fix langevin has been removed") !=
      std::string::npos)
    GTEST_SKIP() << "this LAMMPS has no fix langevin with correlated noise";
  expect_temperature(run, 1.0);
}

TEST(Memory, RejectedAttemptsDoNotChangeTheTrajectory) {
  const auto script = [](const std::string &mc) {
    return oscillators(0.02) + "fix i all nve\n" + mc + "thermo 100\nrun 500\n";
  };
  const auto without = tests::run_lammps(script(""));
  // A flow so wide that nothing is ever accepted.
  tests::write_toy_model("far.pt", tests::toy_metadata(50, 3), 7.0);
  const auto with = tests::run_lammps(script("fix m all nflow/mc 3 4 5 1.0 far.pt\n"));
  ASSERT_EQ(with.status, 0) << with.output;
  for (size_t i = 0; i < without.thermo.size(); i++)
    for (const size_t column : {1, 2})
      EXPECT_NEAR(with.thermo[i][column], without.thermo[i][column], 1e-8);
}

TEST(Minimize, TheFixGoesOnAfterwards) {
  const auto run =
      tests::run_lammps(oscillators(0.01) + "fix m all nflow/mc 5 10 5 1.0 exact.pt\nrun 3\n" +
                        "minimize 0 1e-8 100 100\nthermo_style custom step f_m[1]\nrun 20\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.thermo.back().at(1), 10.0 + 40.0);
}

TEST(Seed, TwoFixesOfOneSeedDrawDifferentNumbers) {
  tests::write_toy_model("half.pt", tests::toy_metadata(25, 3));
  const auto run = tests::run_lammps(
      oscillators(0.01) + "group a id 1:25\ngroup b id 26:50\n" +
      "fix ma a nflow/mc 1 1 5 1.0 half.pt\nfix mb b nflow/mc 1 1 5 1.0 half.pt\n" +
      "variable x equal x[1]\nvariable y equal x[26]\n"
      "thermo_style custom step v_x v_y\nrun 3\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_NE(run.thermo.back().at(1), run.thermo.back().at(2));
}

/// A dimer that the flow tears apart: on several ranks LAMMPS would stop with "Bond atoms missing".
TEST(Bonds, ATornMoleculeIsRejectedOnAnyNumberOfRanks) {
  tests::write_toy_model("torn.pt", tests::toy_metadata(2, 3), 12.0, 15.0);
  std::ofstream("dimer.data")
      << "dimer\n\n2 atoms\n1 bonds\n1 atom types\n1 bond types\n\n0 30 xlo xhi\n0 30 ylo yhi\n"
         "0 30 zlo zhi\n\nMasses\n\n1 1.0\n\nAtoms\n\n1 1 1 15 15 15\n2 1 1 15.5 15.5 15\n\n"
         "Bonds\n\n1 1 1 2\n";
  std::vector<std::vector<double>> rows;
  for (const int ranks : {1, 4}) {
    const auto run = tests::run_lammps(
        "units lj\natom_style bond\npair_style zero 2.0\nbond_style harmonic\nread_data "
        "dimer.data\npair_coeff * *\n"
        "bond_coeff 1 0.5 0.7\nfix tether all spring/self 0.01\nfix_modify tether energy yes\n"
        "fix m all nflow/mc 1 20 5 1.0 torn.pt move independence move latent 0.02\n"
        "thermo_style custom step pe f_m[1] f_m[2] f_m[6]\nthermo_modify norm no format float "
        "%20.12g\nrun 50\n",
        ranks);
    ASSERT_EQ(run.status, 0) << run.output;
    EXPECT_GT(run.thermo.back().at(4), 300.0);
    EXPECT_GT(run.thermo.back().at(3), 100.0);
    rows.push_back(run.thermo.back());
  }
  for (const size_t column : {2, 3, 4}) EXPECT_EQ(rows[0][column], rows[1][column]);
  EXPECT_NEAR(rows[0][1], rows[1][1], 1e-8);
}

TEST(Energy, AfterAMoveIsThatOfAFreshRun) {
  tests::write_toy_model("one.pt", tests::toy_metadata(1, 3), 1.0, 3.0);
  const auto run = tests::run_lammps(
      "units lj\nlattice fcc 0.5\nregion r block 0 4 0 4 0 4\ncreate_box 1 r\ncreate_atoms 1 "
      "box\nmass 1 1\n"
      "pair_style lj/cut 2.5\npair_coeff 1 1 1 1\nvelocity all create 1.0 5\nfix n all nvt temp 1 "
      "1 0.5\n"
      "group one id 7\nfix m one nflow/mc 2 3 5 1.0 one.pt\nthermo_style custom step "
      "pe\nthermo_modify norm no\n"
      "run 41\nprint \"VALUE after $(pe:%20.12f)\"\nrun 0\nprint \"VALUE fresh $(pe:%20.12f)\"\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_NEAR(run.values().at("after"), run.values().at("fresh"), 1e-8);
}

} // namespace
