// Proposals are evaluated for their energies alone, where LAMMPS can be asked for these
// (ENERGY_ONLY of newer versions). A pair style that then leaves NaN for forces must change
// nothing: nobody may read the forces of a proposal that was not asked for them.

#include "mpi/discs.h"
#include "plugin/soft_discs.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::SoftDiscs;

/// The same script with a pair style that leaves out what is not asked for.
std::string greedy(std::string script) {
  const std::string style = "pair_style soft ";
  const auto at = script.find(style);
  EXPECT_NE(at, std::string::npos);
  return "plugin load " NFLOW_OTHER_STYLES "\n" +
         script.replace(at, style.size(), "pair_style soft/only ");
}

class EnergyOnly : public ::testing::TestWithParam<std::string> {};

TEST_P(EnergyOnly, TrajectoriesAreTheSameToTheBit) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 500);
  const auto script =
      SoftDiscs::script("velocity all create 0.8 5 mom no\nfix n all nve\nfix two all enforce2d\n"
                        "timestep 0.02\ncompute k all ke\nfix m all nflow/mc 2 4 1234 0.8 "
                        "liquid.pt " +
                            GetParam() + "\n",
                        "press c_k f_m f_m[1] f_m[2] f_m[3] ") +
      "thermo 4\nrun 80\n";
  const auto full = tests::run_lammps(script);
  const auto only = tests::run_lammps(greedy(script));
  ASSERT_EQ(full.status, 0) << full.output;
  ASSERT_EQ(only.status, 0) << only.output;
  EXPECT_EQ(full.thermo, only.thermo) << GetParam();
  EXPECT_GT(full.thermo.back().at(10), 0.0) << "no attempt was accepted";
  EXPECT_EQ(only.values().at("energies_only") > 0, NFLOW_LAMMPS_HAS_ENERGY_ONLY) << only.output;
}
INSTANTIATE_TEST_SUITE_P(
    Moves, EnergyOnly,
    ::testing::Values(
        "move mapped reservoir hot.dump", "move mapped reservoir hot.dump velocity redraw",
        "move excursion steps 3 timestep 0.15 repeat 2",
        "move mapped reservoir hot.dump move excursion steps 3 timestep 0.15 local 2"));

TEST(OtherIntegrators, FixGjfIsRefused) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 50);
  const auto run = tests::run_lammps(
      "plugin load " NFLOW_OTHER_STYLES "\n" +
      SoftDiscs::script("fix n all gjf\nfix m all nflow/mc 2 4 1234 0.8 liquid.pt move mapped "
                        "reservoir hot.dump\n") +
      "run 2\n");
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.error().find("fix gjf has half-steps and velocities of its own"), std::string::npos)
      << run.output;
}

TEST(EnergyOnlyExchange, ExchangesAreTheSameToTheBit) {
  const auto script = tests::discs(2, "model discs_pt.pt velocity redraw");
  const auto full = tests::run_partitions(script, "2x1");
  const auto only = tests::run_partitions(greedy(script), "2x1");
  ASSERT_EQ(full.status, 0) << full.text();
  ASSERT_EQ(only.status, 0) << only.text();
  for (size_t p = 0; p < 2; p++) EXPECT_EQ(full.partitions[p].thermo, only.partitions[p].thermo);
}

} // namespace
