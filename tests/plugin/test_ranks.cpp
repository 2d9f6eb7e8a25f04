// The decisions of a pure Monte Carlo chain do not depend on the number of MPI ranks, and an error
// on one rank never leaves the others waiting.

#include "base/version.h"
#include "support/many_discs.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow;

/// Three discs are moved anywhere by a broad flow, the rest are frozen.
std::string environment(const std::string &rest) {
  return tests::many_discs() + rest +
         "thermo_style custom step pe f_m f_m[1] f_m[2] f_m[3] f_m[4] f_m[5]\nthermo 20\n"
         "thermo_modify norm no format float %20.13g\n";
}

TEST(Load, SaysTheVersionOnce) {
  for (const int ranks : {1, 2}) {
    const auto output = tests::run_lammps("units lj\n", ranks).output;
    const std::string start = std::string("lammps-nflow ") + version() + ": fix nflow/mc, ";
    const auto at = output.find(start);
    ASSERT_NE(at, std::string::npos) << output;
    EXPECT_EQ(output.find(start, at + 1), std::string::npos) << output;
  }
}

TEST(Ranks, TakeIdenticalDecisions) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0);
  const std::string script =
      environment("fix m flow nflow/mc 1 25 99 1.0 anywhere.pt move independence "
                  "move latent sigma 0.2 move multitry 3 batch 16\n") +
      "run 200\n";
  const auto one = tests::run_lammps(script, 1);
  ASSERT_EQ(one.status, 0) << one.output;
  ASSERT_EQ(one.thermo.size(), 11u);
  EXPECT_GT(one.thermo.back()[4], 50.0); // accepted moves
  for (const int ranks : {2, 4}) {
    const auto many = tests::run_lammps(script, ranks);
    ASSERT_EQ(many.status, 0) << many.output;
    ASSERT_EQ(many.thermo.size(), one.thermo.size());
    for (size_t i = 0; i < one.thermo.size(); i++) {
      EXPECT_EQ(many.thermo[i][3], one.thermo[i][3]);
      EXPECT_EQ(many.thermo[i][4], one.thermo[i][4])
          << "accepts at row " << i << " on " << ranks << " ranks";
      for (const size_t column : {1, 5, 6, 7}) // sums of energies round differently
        EXPECT_NEAR(many.thermo[i][column], one.thermo[i][column],
                    1e-9 * (1.0 + std::fabs(one.thermo[i][column])));
    }
  }
}

TEST(Ranks, AnErrorOfTheRootStopsAll) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2), 3.0, 5.0, tests::Lie::inverse);
  const auto run =
      tests::run_lammps(environment("fix m flow nflow/mc 1 5 99 1.0 anywhere.pt\n") + "run 5\n", 4);
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.error().find("does not undo"), std::string::npos) << run.output;
  const auto missing =
      tests::run_lammps(environment("fix m flow nflow/mc 1 5 99 1.0 nowhere.pt\n") + "run 5\n", 4);
  EXPECT_NE(missing.status, 0);
  EXPECT_NE(missing.error().find("cannot open"), std::string::npos) << missing.output;
}

TEST(Ranks, PartitionsDrawDifferentNumbers) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2), 3.0, 5.0);
  const auto run =
      tests::run_lammps(environment("fix m flow nflow/mc 1 5 99 1.0 anywhere.pt\n") +
                            "variable p world a b\nrun 40\nprint \"$(f_m[3])\" file change.${p}\n",
                        4, "-partition 2x2 -plog none -pscreen none");
  ASSERT_EQ(run.status, 0) << run.output;
  std::string a, b;
  ASSERT_TRUE(std::getline(std::ifstream("change.a"), a));
  ASSERT_TRUE(std::getline(std::ifstream("change.b"), b));
  EXPECT_NE(a, b);
}

} // namespace
