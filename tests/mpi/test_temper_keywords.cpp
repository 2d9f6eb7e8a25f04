// fix nflow/temper, keyword by keyword: force fields of their own, velocities, momenta. Against
// exact averages, fixed seeds, |z| < 4.

#include "mpi/harmonic.h"
#include "mpi/partitions.h"
#include "plugin/soft_discs.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow;
using estimators::mean_with_error;
using tests::Harmonic;
using tests::run_partitions;
using tests::SoftDiscs;

double z_of(const std::vector<double> &series, double exact) {
  return mean_with_error(series).z_score(exact);
}

/// The harmonic system with another spring in each partition.
std::string two_springs(const std::string &keywords) {
  std::string text = Harmonic::script({1.0, 0.5},
                                      "unfix s\nfix s2 all spring/self ${k}\n"
                                      "fix_modify s2 energy yes\n"
                                      "fix pt all nflow/temper 1 91 $t " +
                                          keywords + "\n",
                                      "f_pt f_pt[1][3] f_pt[1][5] f_pt[1][6]");
  return tests::world_variable("k", std::vector<double>{2.0, 3.0}) + text + "run 15000\n";
}

TEST(Keywords, HamiltonianOwnExchangesBetweenForceFields) {
  const auto run = run_partitions(two_springs("hamiltonian own"), "2x1");
  ASSERT_EQ(run.status, 0) << run.output;
  for (int p = 0; p < 2; p++)
    EXPECT_LT(std::fabs(z_of(run.column(p, 1, 100), Harmonic::mean_energy(p ? 0.5 : 1.0))), 4.0);
  const auto &last = run.partitions[0].thermo.back();
  EXPECT_GT(last[4], 0.05);
  // -ln(Z_1/Z_0), Z ~ (T/k)^(D/2)
  const double exact = 0.5 * Harmonic::dimension * std::log((1.0 / 2.0) / (0.5 / 3.0));
  EXPECT_LT(std::fabs(last[6] - exact), 4.0 * last[7]) << last[6] << " +- " << last[7];
}

/// One force field much stiffer than the other.
TEST(Keywords, APairThatIsNeverExchangedIsSaid) {
  std::string script = two_springs("hamiltonian own");
  script.replace(script.find("run 15000"), 9, "run 600");
  EXPECT_EQ(run_partitions(script, "2x1").output.find("none was accepted"), std::string::npos);
  script.replace(script.find("world 2 3"), 9, "world 2 90000");
  const auto run = run_partitions(script, "2x1");
  ASSERT_EQ(run.status, 0) << run.output;
  const std::string sentence =
      "fix nflow/temper: warning: of 300 exchanges between T = 1 and 0.5 none was accepted";
  EXPECT_NE(run.partitions[0].output.find(sentence), std::string::npos) << run.partitions[0].output;
  EXPECT_NE(run.output.find(sentence), std::string::npos) << run.output;
}

TEST(Keywords, HamiltonianSameNoticesAnotherForceField) {
  const auto run = run_partitions(two_springs(""), "2x1");
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.output.find("say hamiltonian own"), std::string::npos) << run.output;
}

/// Soft discs with Langevin dynamics in two partitions.
std::string discs(const std::string &keywords) {
  return tests::world_variable("t", std::vector<double>{SoftDiscs::hot, SoftDiscs::cold}) +
         tests::world_variable("s", std::vector<int>{11, 12}) +
         SoftDiscs::script("timestep 0.02\nneigh_modify delay 0 every 1 check yes\nvelocity all "
                           "create ${t} ${s} loop all\n"
                           "fix l all langevin ${t} ${t} 2.0 ${s}\nfix i all nve\n"
                           "fix e all enforce2d\ncompute_modify thermo_temp extra/dof 0\n"
                           "fix pt all nflow/temper 10 91 ${t} universe no " +
                               keywords + "\n",
                           "temp f_pt") +
         "thermo 10\nrun 150000\n";
}

/// Averages of positions and the kinetic temperature at both temperatures, with so much exchange
/// that an error of a single one would show.
void expect_equilibrium(const std::string &keywords, double least_acceptance) {
  tests::write_toy_liquid("discs.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  const auto run = run_partitions(discs(keywords), "2x1");
  ASSERT_EQ(run.status, 0) << run.output;
  for (int p = 0; p < 2; p++) {
    const double temperature = p ? SoftDiscs::cold : SoftDiscs::hot;
    const auto reference = SoftDiscs::reference(temperature, 100000);
    for (size_t k = 0; k < reference.size(); k++) {
      const auto mean = mean_with_error(run.column(p, 1 + k, 100));
      const double error = std::hypot(mean.error, reference[k].error);
      // The integrator's own error at this timestep is below a third of the error bars.
      EXPECT_LT(std::fabs(mean.mean - reference[k].mean), 4.0 * error)
          << keywords << ": observable " << k << " at T = " << temperature << ": " << mean.mean
          << " +- " << mean.error << ", exactly " << reference[k].mean;
    }
    const auto kinetic = mean_with_error(run.column(p, 6, 100));
    EXPECT_NEAR(kinetic.mean / temperature, 1.0, 0.01 + 4.0 * kinetic.error / temperature)
        << keywords;
  }
  EXPECT_GT(run.partitions[0].thermo.back()[7], least_acceptance);
}

TEST(Velocities, Rescaled) {
  expect_equilibrium("", 0.2);
}
TEST(Velocities, Redrawn) {
  expect_equilibrium("velocity redraw", 0.2);
}
TEST(Velocities, WithFreshMomentaThroughAFlow) {
  expect_equilibrium("model discs.pt", 0.05);
}
TEST(Velocities, AsMomentaOfAFlow) {
  expect_equilibrium("model discs.pt auxiliary velocity", 0.05);
}

/// A small liquid with a fast Nose-Hoover thermostat and an exchange at every step, nearly all of
/// which are accepted.
std::string nose_hoover(const std::string &keywords) {
  return tests::world_variable("t", std::vector<double>{2.0, 1.98}) +
         tests::world_variable("s", std::vector<int>{11, 12}) +
         "units lj\nlattice fcc 0.6\nregion b block 0 2 0 2 0 2\ncreate_box 1 b\n"
         "create_atoms 1 box\nmass 1 1.0\npair_style lj/cut 1.8\npair_coeff 1 1 1.0 1.0\n"
         "pair_modify shift yes\nneighbor 0.3 bin\nneigh_modify delay 0 every 1 check yes\n"
         "velocity all create ${t} ${s} mom yes loop all\nfix n all nvt temp ${t} ${t} 0.1\n"
         "fix pt all nflow/temper 1 91 ${t} universe no " +
         keywords +
         "\ntimestep 0.004\nthermo_style custom step temp pe f_pt\nthermo 10\nrun 40000\n";
}

// Fix nvt begins a step with the kinetic energy that it remembers of the last one: one that belongs
// to a configuration which has left heats or cools by several percent. Redrawn velocities with a
// momentum of the centre of mass, which it conserves, would cool by 1/32.
TEST(Velocities, BesideNoseHoover) {
  for (const char *keywords : {"", "velocity redraw"}) {
    const auto run = run_partitions(nose_hoover(keywords), "2x1");
    ASSERT_EQ(run.status, 0) << run.output;
    EXPECT_GT(run.partitions[0].thermo.back()[3], 0.9);
    for (int p = 0; p < 2; p++) {
      const double temperature = p ? 1.98 : 2.0;
      const auto kinetic = mean_with_error(run.column(p, 1, 200));
      EXPECT_LT(kinetic.error, 0.004 * temperature);
      EXPECT_LT(std::fabs(kinetic.z_score(temperature)), 4.0)
          << keywords << ": " << kinetic.mean << " +- " << kinetic.error;
    }
  }
}

TEST(Keywords, AuxiliaryVelocityNeedsAFlowWithMomenta) {
  const auto run = run_partitions(discs("auxiliary velocity"), "2x1");
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.output.find("auxiliary velocity is for flows with auxiliary momenta"),
            std::string::npos)
      << run.output;
}

} // namespace
