// What stands beside our styles and changes what they assume: followed, or stopped with a sentence,
// never a bias.

#include "plugin/mixed_discs.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::MixedDiscs;

const std::string mapped =
    "fix m all nflow/mc 1 5 1234 0.8 mixed.pt move mapped reservoir mixed.dump ";
const std::string excursion = "move excursion steps 3 timestep 0.15 ";
const std::string swaps = "fix s all atom/swap 1 2 77 0.8 types 1 2 ke no\n";

class Beside : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MixedDiscs::write_files(); }

  static void expect_error(const std::string &script, const std::string &part, int ranks = 1) {
    const auto run = tests::run_lammps(script, ranks, "", 60);
    EXPECT_NE(run.status, 0) << part;
    EXPECT_NE(run.status, 124) << "hangs: " << part;
    EXPECT_NE(run.error().find(part), std::string::npos)
        << "wanted: " << part << "\ngot: " << run.error() << "\n"
        << run.output.substr(0, 1000);
  }
  static void expect_exact(const std::string &script, int ranks = 1) {
    const auto run = tests::run_lammps(script, ranks, "", 300);
    ASSERT_EQ(run.status, 0) << run.output.substr(0, 3000);
    const auto exact = MixedDiscs::reference(MixedDiscs::cold, 200000);
    for (size_t k = 0; k < exact.size(); k++) {
      std::vector<double> series;
      for (const auto &row : run.thermo) series.push_back(row.at(1 + k));
      tests::expect_same_mean(series, exact[k], "observable " + std::to_string(k));
    }
  }
};

// Without following, the energy of a mapped configuration would be that of other types, and the
// mean energy off by many errors.
TEST_F(Beside, ExchangesOfTypesAreFollowed) {
  expect_exact(MixedDiscs::script(swaps + mapped + "\n") + "thermo 1\nrun 15000\n");
  expect_exact(MixedDiscs::script(mapped + excursion + "\n" + swaps) +
               "thermo 1\nrun 4000\nrun 4000\n"); // types are not those of the file at the second
  expect_exact(MixedDiscs::script(swaps + mapped + "\n") + "thermo 1\nrun 4000\n", 2);
}

TEST_F(Beside, AFlowThatIsNotEquivariantCannotFollow) {
  expect_error(MixedDiscs::script("fix m all nflow/mc 1 5 1234 0.8 fixed_order.pt " + excursion +
                                  "\n" + swaps) +
                   "run 2000\n",
               "is not equivariant within a species");
}

TEST_F(Beside, WhatChangesWithinARunIsNoticed) {
  const auto changed = [](const std::string &command) {
    return MixedDiscs::script(mapped + "\n") + "run 40 pre no every 10 \"" + command + "\"\n";
  };
  expect_error(changed("set atom 1 type 2"), "the numbers of atoms of each type");
  expect_error(changed("set atom 1 charge 0.5"), "charges or masses of atoms");
  expect_error(changed("mass 1 3.0"), "charges or masses of atoms");
  expect_error(changed("change_box all x final 0 4.2"), "box");
  expect_error(changed("delete_atoms group all"), "has not the atoms");
  expect_error(changed("pair_coeff 1 1 4.0"), "has other energies than at the start of the run", 2);
  expect_error(MixedDiscs::script(mapped + "\nvariable a equal 3.0+(step>50)\n"
                                           "fix a all adapt 1 pair soft a 1 1 v_a\n") +
                   "run 100\n",
               "something changes the force field");
}

TEST_F(Beside, AFlowThatLiesWhereNobodyLookedIsFoundInFlight) {
  const auto run_with = [](tests::Lie lie, const std::string &steps) {
    tests::write_toy_model("far.pt", tests::toy_metadata(4, 2), 1.5, 2.0, lie);
    return tests::run_lammps(
        MixedDiscs::script("fix e all spring/self 0.3\nfix_modify e energy yes\n"
                           "fix m all nflow/mc 1 20 1234 1.0 far.pt move independence\n",
                           "f_m f_m[17]") +
            "thermo 1000\nrun " + steps + "\n",
        1, "", 200);
  };
  const auto start = run_with(tests::Lie::log_det_far, "1");
  EXPECT_EQ(start.status, 0) << "not found at the start: " << start.error();
  const auto lie = run_with(tests::Lie::log_det_far, "20000");
  EXPECT_NE(lie.status, 0);
  EXPECT_NE(lie.error().find("reports a log_det of"), std::string::npos) << lie.error();
  const auto sound = run_with(tests::Lie::none, "20000");
  ASSERT_EQ(sound.status, 0) << sound.error();
  const double share = sound.thermo.back().back();
  std::printf("audits: %.2f percent of the time\n", 100.0 * share);
  EXPECT_GT(share, 0.0);
  EXPECT_LE(share, 0.011);
}

const std::string one_atom =
    "units lj\nboundary p p f\natom_modify map array\nregion r block 0 10 0 10 0 10\n"
    "create_box 1 r\ncreate_atoms 1 single 5 5 5\nmass 1 1.0\npair_style zero 2.0\n"
    "pair_coeff * *\nneighbor 0.3 nsq\ngroup one id 1\n";
const std::string mc = "fix m all nflow/mc 1 20 77 1.0 one.pt move independence\n";
const std::string thermo = "variable z equal z[1]\nthermo_style custom step v_z f_m\n"
                           "thermo_modify norm no format float %20.16g\nthermo 1\nrun 5000\n";

TEST(Forces, WithoutAnEnergyThatCountsAreRefused) {
  tests::write_toy_model("one.pt", tests::toy_metadata(1, 3), 1.5, 5.0);
  const auto error_of = [](const std::string &fixes, const std::string &more = "") {
    return tests::run_lammps(one_atom + fixes + mc.substr(0, mc.size() - 1) + more + "\nrun 10\n")
        .error();
  };
  const std::string spring = "fix s all spring/self 0.5\n", counted = "fix_modify s energy yes\n";
  EXPECT_NE(error_of(spring).find("say 'fix_modify s energy yes'"), std::string::npos);
  EXPECT_NE(error_of(spring + counted + "fix a all addforce 0.3 0 0\n").find("fix_modify a"),
            std::string::npos);
  EXPECT_NE(error_of(spring + counted + "fix w all wall/reflect zhi 9.95\n")
                .find("fix w (wall/reflect) acts on atoms but has no energy"),
            std::string::npos);
  EXPECT_EQ(error_of(spring + counted), "");
  EXPECT_EQ(error_of(spring, " uncounted s"), "");
  EXPECT_NE(error_of(spring + counted, " uncounted x").find("does not exist"), std::string::npos);
}

/// The mean of z, with U = k (z - 5)^2 / 2 and the wall lj93 of epsilon and sigma 1 at z = 8.
double mean_beside_wall(double k) {
  double sum = 0.0, weights = 0.0;
  for (double z = 0.0; z < 7.999; z += 1e-4) {
    const double r = 8.0 - z, third = 1.0 / (r * r * r), shift = 1.0 / 15.625;
    const double wall = r < 2.5 ? 2.0 / 15.0 * third * third * third - third -
                                      (2.0 / 15.0 * shift * shift * shift - shift)
                                : 0.0;
    const double weight = std::exp(-0.5 * k * (z - 5.0) * (z - 5.0) - wall);
    sum += weight * z;
    weights += weight;
  }
  return sum / weights;
}

TEST(Walls, AProposalBeyondOneIsRejected) {
  tests::write_toy_model("one.pt", tests::toy_metadata(1, 3), 1.5, 5.0);
  const auto run = tests::run_lammps(one_atom +
                                     "fix s all spring/self 0.5\nfix_modify s energy yes\n"
                                     "fix w all wall/lj93 zhi 8.0 1.0 1.0 2.5\n"
                                     "fix_modify w energy yes\n" +
                                     mc + thermo);
  ASSERT_EQ(run.status, 0) << run.output.substr(0, 3000);
  EXPECT_EQ(run.output.find("ERROR"), std::string::npos);
  std::vector<double> z;
  for (const auto &row : run.thermo) z.push_back(row.at(1));
  const auto own = estimators::mean_with_error(z);
  const double score = own.z_score(mean_beside_wall(0.5));
  std::printf("<z> = %.4f +- %.4f, z = %.2f\n", own.mean, own.error, score);
  EXPECT_LT(std::fabs(score), 4.0);
}

} // namespace
