// The moves mapped and excursion of fix nflow/mc inside LAMMPS, on soft discs whose averages are
// known from independent configurations: exact with good and bad flows, the same on two ranks and
// after a restart, and beside dynamics.

#include "plugin/soft_discs.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::SoftDiscs;

void write_files(bool good) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(good));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 20000);
}

const std::string fix = "fix m all nflow/mc 1 5 1234 0.8 liquid.pt ";
const std::string excursions = "move excursion steps 3 timestep 0.15 repeat 2 ";
const std::string local = "move excursion steps 3 timestep 0.15 local 2 ";

struct Case {
  std::string moves;
  bool good;
  int ranks, steps;
};

class LiquidMoves : public ::testing::TestWithParam<Case> {};

TEST_P(LiquidMoves, AveragesAreExact) {
  const auto &test = GetParam();
  write_files(test.good);
  const auto run = tests::run_lammps(SoftDiscs::script(fix + test.moves + "\n", "f_m") +
                                         "thermo 1\nrun " + std::to_string(test.steps) + "\n",
                                     test.ranks);
  ASSERT_EQ(run.status, 0) << run.output.substr(0, 2000);
  const auto exact = SoftDiscs::reference(SoftDiscs::cold, 200000);
  for (size_t k = 0; k < exact.size(); k++) {
    std::vector<double> series;
    for (const auto &row : run.thermo) series.push_back(row.at(1 + k));
    tests::expect_same_mean(series, exact[k], "observable " + std::to_string(k));
  }
  std::printf("acceptance %.3f\n", run.thermo.back().at(6));
  EXPECT_GT(run.thermo.back().at(6), 0.02);
}
INSTANTIATE_TEST_SUITE_P(
    Moves, LiquidMoves,
    ::testing::Values(Case{"move mapped reservoir hot.dump", true, 1, 8000},
                      Case{"move mapped reservoir hot.dump batch 16", false, 1, 8000},
                      Case{excursions, true, 1, 5000}, Case{excursions, false, 1, 5000},
                      Case{local, true, 1, 8000}, Case{local, false, 1, 8000},
                      Case{"move mapped reservoir hot.dump weight 2 " + excursions + local, true, 1,
                           5000}));

std::string all_moves() {
  return fix + "move mapped reservoir hot.dump weight 2 " + excursions + local +
         "batch 10 prior 1.5 rearranged 0.3 1.2\n";
}
// Of three moves: 9 columns, 6 of the moves, 5.
const std::string counts = "f_m[1] f_m[2] f_m[3] f_m[4] f_m[5] f_m[6] f_m[10] f_m[11] f_m[12] "
                           "f_m[13] f_m[14] f_m[15] f_m[16] f_m[18] f_m[19] f_m[20]";

TEST(LiquidMoves, TwoRanksDecideAsOne) {
  write_files(true);
  const std::string script = SoftDiscs::script(all_moves(), counts) + "thermo 10\nrun 100\n";
  const auto one = tests::run_lammps(script, 1), two = tests::run_lammps(script, 2);
  ASSERT_EQ(one.status, 0) << one.output;
  ASSERT_EQ(two.status, 0) << two.output;
  ASSERT_EQ(one.thermo.size(), 11u);
  ASSERT_EQ(two.thermo.size(), 11u);
  for (size_t i = 0; i < one.thermo.size(); i++)
    for (size_t k = 0; k < one.thermo[i].size(); k++)
      EXPECT_NEAR(one.thermo[i][k], two.thermo[i][k], 1e-7 * (1.0 + std::fabs(one.thermo[i][k])))
          << "row " << i << " column " << k;
  const auto &last = one.thermo.back();
  EXPECT_GT(last.at(7), 50.0);  // accepted
  EXPECT_GT(last.at(18), 50.0); // rearrangements
  EXPECT_GT(last.at(19), last.at(6));
  EXPECT_GT(last.at(20), 5.0); // not reversible
  EXPECT_GT(last.at(21), 0.3); // accepted trajectories
}

/// "Neighbor list builds = N" at the end of a log.
int list_builds(const std::string &output) {
  const std::string words = "Neighbor list builds = ";
  const auto at = output.rfind(words);
  return at == std::string::npos ? -1 : std::atoi(output.c_str() + at + words.size());
}

/// Within a trajectory lists stay until an atom has moved by half the skin; `check no` makes them
/// anew at every step.
TEST(LiquidMoves, ListsThatStayInDynamicsGiveTheSame) {
  write_files(true);
  const auto run = [](const std::string &setting, int ranks) {
    return tests::run_lammps(
        SoftDiscs::script(fix + "move excursion steps 12 timestep 0.03 repeat 2\n",
                          "f_m[1] f_m[2] f_m[3] f_m[4] f_m[5]") +
            "neighbor 0.4 bin\n" + setting + "thermo 1\nrun 8\n",
        ranks);
  };
  const auto fresh = run("neigh_modify check no\n", 1);
  ASSERT_EQ(fresh.status, 0) << fresh.output;
  for (const int ranks : {1, 2}) {
    const auto kept = run("", ranks);
    ASSERT_EQ(kept.status, 0) << kept.output;
    ASSERT_EQ(kept.thermo.size(), fresh.thermo.size());
    for (size_t i = 0; i < kept.thermo.size(); i++)
      for (size_t k = 0; k < kept.thermo[i].size(); k++)
        EXPECT_NEAR(kept.thermo[i][k], fresh.thermo[i][k],
                    1e-7 * (1.0 + std::fabs(fresh.thermo[i][k])))
            << "row " << i << " column " << k;
    // 8 calls of 5 attempts of 24 steps.
    std::printf("list builds: %d where they are always made, %d where not\n",
                list_builds(fresh.output), list_builds(kept.output));
    EXPECT_GT(list_builds(fresh.output), 8 * 5 * 24);
    EXPECT_LT(list_builds(kept.output), 8 * 5 * 24 / 2);
  }
}

std::string contents(const std::string &file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(LiquidMoves, RestartMidRunEqualsTheUnbrokenRun) {
  write_files(true);
  const auto dump = [](const std::string &name) {
    return "write_dump all custom " + name + " id type x y modify sort id format float %20.17g\n";
  };
  const std::string thermo = "thermo 50\n";
  const auto whole =
      tests::run_lammps(SoftDiscs::script(all_moves(), counts) + thermo +
                        "run 50\nwrite_restart half.restart\nrun 50\n" + dump("whole.dump"));
  ASSERT_EQ(whole.status, 0) << whole.output;
  auto script = SoftDiscs::script(all_moves(), counts);
  script = "read_restart half.restart\n" + script.substr(script.find("mass 1 1.0"));
  const auto second = tests::run_lammps(script + thermo + "run 50\n" + dump("second.dump"));
  ASSERT_EQ(second.status, 0) << second.output;
  EXPECT_EQ(second.thermo.back(), whole.thermo.back());
  EXPECT_EQ(contents("second.dump"), contents("whole.dump"));
  EXPECT_GT(contents("whole.dump").size(), 100u);
  const auto unbroken = tests::run_lammps(SoftDiscs::script(all_moves(), counts) + thermo +
                                          "run 100\n" + dump("unbroken.dump"));
  EXPECT_EQ(unbroken.thermo.back(), whole.thermo.back());
  EXPECT_EQ(contents("unbroken.dump"), contents("whole.dump"));
}

TEST(LiquidMoves, BesideDynamicsBothTemperaturesAreRight) {
  write_files(true);
  const auto run = tests::run_lammps(
      SoftDiscs::script("velocity all create 0.8 5 mom no\nfix n all nve\nfix l all langevin 0.8 "
                        "0.8 1.0 77\nfix two all enforce2d\ntimestep 0.03\ncompute k all ke\n"
                        "fix m all nflow/mc 4 1 1234 0.8 liquid.pt " +
                            excursions + local + "\n",
                        "c_k f_m") +
      "thermo 4\nrun 60000\n");
  ASSERT_EQ(run.status, 0) << run.output.substr(0, 2000);
  std::vector<double> potential, kinetic;
  for (const auto &row : run.thermo) {
    potential.push_back(row.at(1));
    kinetic.push_back(row.at(6));
  }
  const auto exact = SoftDiscs::reference(SoftDiscs::cold, 200000)[0];
  const auto own = estimators::mean_with_error(potential);
  EXPECT_LT(std::fabs(own.mean - exact.mean) / std::hypot(own.error, exact.error), 4.0);
  EXPECT_LT(std::fabs(estimators::mean_with_error(kinetic).z_score(4 * 0.8)), 4.0);
  std::printf("potential z %.2f, kinetic z %.2f, acceptance %.2f\n",
              (own.mean - exact.mean) / std::hypot(own.error, exact.error),
              estimators::mean_with_error(kinetic).z_score(4 * 0.8), run.thermo.back().at(7));
}

} // namespace
