// Every misuse of the moves mapped and excursion gives an error with one clear sentence.

#include "plugin/soft_discs.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::SoftDiscs;

class LiquidMisuse : public ::testing::Test {
 protected:
  static void write(const std::string &file, const Metadata &metadata, bool masked = true,
                    tests::Lie lie = tests::Lie::none) {
    auto toy = SoftDiscs::flow(true);
    toy.masked = masked;
    toy.lie = lie;
    tests::write_toy_liquid(file, metadata, toy);
  }
  static void SetUpTestSuite() {
    write("good.pt", SoftDiscs::metadata());
    write("whole.pt", SoftDiscs::metadata(), false);
    write("lie_det.pt", SoftDiscs::metadata(), true, tests::Lie::log_det_masked);
    write("lie_frozen.pt", SoftDiscs::metadata(), true, tests::Lie::masked_frozen);
    auto metadata = SoftDiscs::metadata();
    metadata.types = std::vector<int>{1, 1, 1, 2};
    write("species.pt", metadata);
    metadata = SoftDiscs::metadata();
    metadata.temperature_pairs = {{1.5, 0.8}, {2.0, 0.8}, {1.5, 1.0}};
    write("ladder.pt", metadata);
    metadata = SoftDiscs::metadata();
    metadata.provenance["mean_energy"] = {
        {{"temperature", 1.5}, {"mean", 40.0}, {"error", 0.1}, {"count", 100}}};
    write("recorded.pt", metadata);
    tests::write_toy_model("gaussian.pt", tests::toy_metadata(4, 2));
    SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 2000);
    SoftDiscs::write_dump("hotter.dump", 1.4 * SoftDiscs::hot, 5000);
    SoftDiscs::write_dump("colder.dump", SoftDiscs::cold, 5000);
    SoftDiscs::write_dump("missing.dump", SoftDiscs::hot, 10, 3);
    SoftDiscs::write_dump("box.dump", SoftDiscs::hot, 10, 4, 4.1);
    SoftDiscs::write_dump("types.dump", SoftDiscs::hot, 10, 4, 4.0, "1 2 2 2");
    SoftDiscs::write_dump("units.dump", SoftDiscs::hot, 10, 4, 4.0, "1 1 2 2", "metal");
    SoftDiscs::write_dump("one.dump", SoftDiscs::hot, 1);
  }
  static void expect_error(const std::string &arguments, const std::string &part,
                           const std::string &before = "", const std::string &group = "all",
                           int ranks = 1) {
    const auto run = tests::run_lammps(
        SoftDiscs::script(before + "fix m " + group + " nflow/mc 1 10 11 " + arguments + "\n") +
            "run 1\n",
        ranks);
    EXPECT_NE(run.status, 0) << arguments;
    EXPECT_NE(run.error().find(part), std::string::npos)
        << "wanted: " << part << "\ngot: " << run.error() << "\nfor: " << arguments;
  }
};

TEST_F(LiquidMisuse, AHealthyScriptRuns) {
  const auto run = tests::run_lammps(
      SoftDiscs::script("variable t equal 0.8\nfix m all nflow/mc 1 10 11 v_t ladder.pt prior 1.5 "
                        "move mapped reservoir hot.dump move excursion steps 2 timestep 0.1 local "
                        "2 weight 2 move excursion timestep 0.1 steps 2 repeat 2\n") +
      "run 2\nrun 2\n");
  EXPECT_EQ(run.status, 0) << run.output;
}

TEST_F(LiquidMisuse, Temperatures) {
  const std::string mapped = " move mapped reservoir hot.dump";
  expect_error("0.7 good.pt" + mapped,
               "has no pair of temperatures T0 -> 0.7, but only 1.5 -> 0.8");
  expect_error("0.8 good.pt prior 2.0" + mapped, "has no pair of temperatures 2 -> 0.8");
  expect_error("0.8 ladder.pt" + mapped, "several pairs of temperatures that end at T: 1.5 -> 0.8, "
                                         "2 -> 0.8; choose one by 'prior T0'");
  expect_error("v_t good.pt" + mapped, "keep T constant", "variable t equal 0.8+0.1*(step>0)\n");
  expect_error("1.0 gaussian.pt prior 2.0", "keyword prior is for models with a boltzmann prior");
}

TEST_F(LiquidMisuse, EqualTemperatures) {
  auto metadata = SoftDiscs::metadata();
  metadata.temperature_pairs = {{0.8, 0.8}};
  write("equal.pt", metadata);
  expect_error("0.8 equal.pt move excursion steps 1 timestep 0.1", "same temperature");
}

TEST_F(LiquidMisuse, Moves) {
  expect_error("0.8 good.pt", "there is no default");
  expect_error("0.8 good.pt move latent 0.1", "draw from a gaussian one");
  expect_error("1.0 gaussian.pt move mapped reservoir hot.dump", "need a boltzmann one");
  expect_error("0.8 good.pt move mapped", "move mapped needs 'reservoir FILE'");
  expect_error("0.8 good.pt move excursion", "needs 'steps n timestep dt'");
  expect_error("0.8 good.pt move excursion steps 5", "needs 'steps n timestep dt'");
  expect_error("0.8 good.pt move excursion steps 0 timestep 0.1",
               "steps of move excursion must be");
  expect_error("0.8 good.pt move excursion steps 5 timestep 0",
               "timestep of move excursion must be");
  expect_error("0.8 good.pt move excursion steps 5 timestep -1", "timestep of move excursion must");
  expect_error("0.8 good.pt move excursion steps 5 timestep", "is missing");
  expect_error("0.8 good.pt move excursion steps 5 timestep 0.1 repeat 0",
               "repeat of move excursion");
  expect_error("0.8 good.pt move excursion steps 5 timestep 0.1 local 5",
               "local 5 has more atoms than the 4 of the model");
  expect_error("0.8 whole.pt move excursion steps 5 timestep 0.1 local 2",
               "has no methods forward_masked and inverse_masked");
  expect_error("0.8 good.pt move excursion steps 5 timestep 0.1 rearranged 0.4", "two lengths");
}

TEST_F(LiquidMisuse, LyingMaskedMethods) {
  const std::string local = " move excursion steps 5 timestep 0.1 local 2";
  expect_error("0.8 lie_det.pt" + local, "a log_det that is not that of the Jacobian");
  expect_error("0.8 lie_frozen.pt" + local, "change atoms that the mask holds");
}

TEST_F(LiquidMisuse, Systems) {
  expect_error("0.8 species.pt move excursion steps 5 timestep 0.1", "atom type");
  expect_error("0.8 good.pt move excursion steps 5 timestep 0.1", "the group has 3",
               "group three id 1 2 3\n", "three");
}

TEST_F(LiquidMisuse, Reservoirs) {
  const std::string mapped = "0.8 good.pt move mapped reservoir ";
  expect_error(mapped + "nowhere.dump", "nowhere.dump");
  expect_error(mapped + "one.dump", "fewer than two configurations");
  expect_error(mapped + "missing.dump", "has 3 atoms, but the group has 4");
  expect_error(mapped + "box.dump", "has the box length 4.1 along axis x");
  expect_error(mapped + "types.dump", "has type 2 for atom 2");
  expect_error(mapped + "units.dump", "is in units metal");
  expect_error(mapped + "hotter.dump", "has the configurational temperature");
  expect_error(mapped + "colder.dump", "not that of T0 = 1.5");
  expect_error("0.8 recorded.pt move mapped reservoir hot.dump", "has the mean energy");
  expect_error(mapped + "missing.dump", "has 3 atoms", "", "all", 2);
  expect_error(mapped + "hotter.dump", "has the configurational temperature", "", "all", 2);
}

} // namespace
