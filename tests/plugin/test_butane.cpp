// Flows in internal coordinates in LAMMPS: butane of united atoms, whose averages are products of
// quadratures. Good, bad and untrained flows are exact at the temperature of training and below;
// what a flow carries, the place and orientation of the molecule, every attempt keeps.
#include "estimators/autocorrelation.h"
#include "plugin/butane.h"
#include "support/kokkos.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace {

using namespace nflow;
using tests::Butane;
using tests::TreeMolecule;

std::string fix_mc(const std::string &every, double temperature, const std::string &model,
                   const std::string &rest) {
  return "fix m all nflow/mc " + every + " 4711 " + std::to_string(temperature) + ' ' + model +
         ' ' + rest + '\n';
}

void expect_exact(const tests::LammpsRun &run, double temperature, size_t skip = 100) {
  ASSERT_EQ(run.status, 0) << run.output.substr(0, 3000);
  ASSERT_GT(run.thermo.size(), skip + 100);
  const auto series = Butane::series(run.thermo, skip);
  const auto exact = Butane::exact(temperature);
  for (size_t k = 0; k < exact.size(); k++) {
    const auto mean = estimators::mean_with_error(series[k]);
    EXPECT_LT(std::fabs(mean.z_score(exact[k])), 4.0)
        << Butane::names()[k] << " " << mean.mean << " +- " << mean.error << ", exact " << exact[k];
  }
}

void expect_kept_frame(const tests::LammpsRun &run) {
  const auto [frame, shape] = Butane::motion(run.thermo);
  EXPECT_LT(frame, 1e-9);
  EXPECT_GT(shape, 1.0);
}

const std::string mixture = "move independence move latent sigma 0.3 move multitry 4 move pcn 0.3 "
                            "batch 32";

struct Case {
  std::string name, moves;
  double temperature;
  std::string architecture = "tsf-internal";
  double spoil = 0.0;
  double least = 0.3; // of the acceptance
};
void PrintTo(const Case &test, std::ostream *out) {
  *out << test.name;
}

class ButaneMoves : public ::testing::TestWithParam<Case> {};

TEST_P(ButaneMoves, AreExactAndKeepTheFrame) {
  const auto &test = GetParam();
  Butane::write_flow("flow.pt", test.architecture, test.spoil);
  const auto run = tests::run_lammps(Butane::start() + Butane::settings() +
                                     fix_mc("1 4", test.temperature, "flow.pt", test.moves) +
                                     Butane::thermo("f_m") + "thermo 1\nrun 2500\n");
  expect_exact(run, test.temperature);
  expect_kept_frame(run);
  const double acceptance = run.thermo.back().at(14);
  std::printf("%s: acceptance %.3f\n", test.name.c_str(), acceptance);
  EXPECT_GT(acceptance, test.least);
}
INSTANTIATE_TEST_SUITE_P(
    Moves, ButaneMoves,
    ::testing::Values(Case{"Independence600", "move independence", 600.0, "tsf-internal", 0.0, 0.7},
                      Case{"Independence300", "move independence", 300.0, "tsf-internal", 0.0, 0.6},
                      Case{"Multitry300", "move multitry 4", 300.0},
                      Case{"Latent300", "move latent sigma 0.5", 300.0},
                      Case{"Pcn300", "move pcn 0.4", 300.0}, Case{"Mixture600", mixture, 600.0},
                      Case{"Mixture300", mixture, 300.0},
                      Case{"Bad300", mixture, 300.0, "tsf-internal", 0.3, 0.05},
                      Case{"Momenta300", mixture, 300.0, "tsf-internal-momenta", 0.3, 0.05},
                      Case{"Rnvp600", mixture, 600.0, "rnvp-internal"},
                      Case{"BadRnvp600", mixture, 600.0, "rnvp-internal", 0.3, 0.05}),
    [](const auto &test) { return test.param.name; });

/// nflow-train --coordinates internal for the butane of in.butane, from `frames` samples at 600 K.
tests::CommandResult train(int64_t frames, const std::string &more) {
  tests::write_text("in.butane", Butane::start() + Butane::settings());
  Butane::write_dump("hot.dump", frames);
  return tests::run_command(
      std::string(NFLOW_TRAIN) +
      " --lammps in.butane --data hot.dump --temperature 600 --architecture tsf --coordinates "
      "internal --couplings 2 --hidden 16 --batch 64 --output trained.pt " +
      more);
}

TEST(ButaneTrained, IsASentenceWhereThereIsNoFlow) {
  const std::vector<std::tuple<int64_t, std::string, std::string>> cases{
      {30, "", "give more frames in --data"},
      {300, "--dim 2", "leave --dim out"},
      {300, "--dtype float32", "needs --dtype float64"}};
  for (const auto &[frames, more, part] : cases) {
    const auto refused = train(frames, "--steps 1 " + more);
    EXPECT_EQ(refused.code, 2) << more << refused.output;
    EXPECT_NE(refused.output.find(part), std::string::npos) << more << refused.output;
    EXPECT_EQ(std::count(refused.output.begin(), refused.output.end(), '\n'), 1) << refused.output;
  }
}

/// As a user does it: from samples at 600 K to exact averages at 300 K.
TEST(ButaneTrained, AtOneTemperatureIsExactAtAnother) {
  for (const std::string steps : {"1", "40"}) {
    const auto trained = train(1500, "--steps " + steps);
    ASSERT_EQ(trained.code, 0) << trained.output;
    const auto run = tests::run_lammps(Butane::start() + Butane::settings() +
                                       fix_mc("1 4", 300.0, "trained.pt", "move independence") +
                                       Butane::thermo("f_m") + "thermo 1\nrun 2000\n");
    expect_exact(run, 300.0);
    expect_kept_frame(run);
    std::printf("%s steps: acceptance %.3f\n", steps.c_str(), run.thermo.back().at(14));
    EXPECT_GT(run.thermo.back().at(14), 0.6);
  }
}

TEST(ButaneDynamics, IsExactBesideMovesAndTheMoleculeMoves) {
  Butane::write_flow("flow.pt");
  const auto run = tests::run_lammps(Butane::start() + Butane::settings() +
                                     "velocity all create 300 11\ntimestep 1.0\nfix i all nve\nfix "
                                     "l all langevin 300 300 100 77\n" +
                                     fix_mc("10 2", 300.0, "flow.pt", mixture) +
                                     Butane::thermo("f_m") + "thermo 10\nrun 40000\n");
  expect_exact(run, 300.0);
  const auto first = Butane::molecule().internal(&run.thermo.at(0).at(2));
  const auto last = Butane::molecule().internal(&run.thermo.back().at(2));
  for (int64_t place = 0; place < 12; place++)
    if (TreeMolecule::carried(place)) {
      EXPECT_GT(std::fabs(last[place] - first[place]), 1e-3) << place;
    }
}

/// Beside dynamics, with every counter.
std::string beside(const std::string &moves) {
  return "timestep 1.0\nfix i all nve\nfix l all langevin 300 300 100 77\n" +
         fix_mc("5 6", 300.0, "flow.pt", moves) +
         Butane::thermo("f_m f_m[1] f_m[2] f_m[3] f_m[4] f_m[6]");
}

TEST(ButaneRuns, GoOnFromARestartToTheBit) {
  Butane::write_flow("flow.pt");
  for (const bool dynamics : {false, true}) {
    const std::string fixes = dynamics ? beside(mixture)
                                       : fix_mc("1 6", 300.0, "flow.pt", mixture) +
                                             Butane::thermo("f_m f_m[1] f_m[2] f_m[3] f_m[4]");
    // A thermostat starts from its seed again: so it is started in both.
    const std::string again = dynamics ? "unfix l\nfix l all langevin 300 300 100 99\n" : "";
    const auto whole = tests::run_lammps(
        Butane::start() + Butane::settings() + "velocity all create 300 11\n" + fixes +
        "thermo 50\nrun 203\nwrite_restart half.restart\n" + again + "run 200\n");
    const auto second = tests::run_lammps(Butane::start("half.restart") + Butane::settings() +
                                          fixes + again + "thermo 50\nrun 200\n");
    ASSERT_EQ(whole.status, 0) << whole.output;
    ASSERT_EQ(second.status, 0) << second.output;
    ASSERT_GT(second.thermo.size(), 3u);
    for (size_t i = 1; i <= 3; i++)
      EXPECT_EQ(second.thermo[second.thermo.size() - i], whole.thermo[whole.thermo.size() - i])
          << dynamics;
  }
}

tests::LammpsRun short_run(const std::string &more, int ranks = 1, const std::string &extra = "",
                           bool dynamics = false) {
  const std::string fixes = dynamics ? "velocity all create 300 11\n" + beside(mixture + more)
                                     : fix_mc("1 6", 300.0, "flow.pt", mixture + more) +
                                           Butane::thermo("f_m f_m[1] f_m[2] f_m[3] f_m[4]");
  const auto run = tests::run_lammps(
      Butane::start() + Butane::settings() + fixes + "thermo 10\nrun 200\n", ranks, extra);
  EXPECT_EQ(run.status, 0) << run.output.substr(0, 3000);
  return run;
}

TEST(ButaneRuns, DecideAlikeOneByOneAndOnTwoRanks) {
  Butane::write_flow("flow.pt", "tsf-internal", 0.3);
  for (const bool dynamics : {false, true}) {
    const auto one = short_run(" prefetch auto", 1, "", dynamics);
    tests::expect_equal_runs(one, short_run(" prefetch 1", 1, "", dynamics), 1e-10);
    tests::expect_equal_runs(one, short_run(" prefetch 16", 1, "", dynamics), 1e-10);
    if (!dynamics) tests::expect_equal_runs(one, short_run("", 2), 1e-10);
  }
}

/// Across the faces of a periodic box, where atoms come in with images, as in open space.
TEST(ButaneRuns, DecideAlikeInAPeriodicBox) {
  Butane::write_flow("flow.pt");
  const std::string rest = Butane::settings() + fix_mc("1 6", 300.0, "flow.pt", mixture) +
                           "thermo_style custom step pe f_m f_m[1] f_m[2] f_m[4]\nthermo 10\n"
                           "thermo_modify norm no format float %20.13g\nrun 200\n";
  auto start = Butane::start();
  const auto open = tests::run_lammps(start + rest);
  start.replace(start.find("boundary f f f"), 14, "boundary p p p");
  const auto periodic =
      tests::run_lammps(start + "displace_atoms all move 60 60 -60 units box\n" + rest);
  ASSERT_EQ(open.status, 0) << open.output;
  ASSERT_EQ(periodic.status, 0) << periodic.output;
  tests::expect_equal_runs(open, periodic, 1e-8);
}

TEST(ButaneRuns, DecideAlikeWithKokkos) {
  if (!tests::lammps_has_kokkos()) GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  Butane::write_flow("flow.pt");
  const double tolerance = tests::kokkos_on_gpu ? 1e-6 : 1e-10;
  tests::expect_equal_runs(short_run(""), short_run("", 1, tests::on_kokkos), tolerance);
}

/// Importance weights with their density of what is not carried: their mean is the configuration
/// integral, and weighted averages are exact.
TEST(ButaneWork, WeighsConfigurationsOfTheFlow) {
  for (const double spoil : {0.0, 0.1}) {
    Butane::write_flow("flow.pt", "tsf-internal", spoil);
    const auto run = tests::run_lammps(
        Butane::start() + Butane::settings() + fix_mc("1 4", 300.0, "flow.pt", mixture) +
        "compute q all nflow/work flow.pt 300.0\ncompute w all nflow/work flow.pt 300.0 600.0\n" +
        Butane::thermo("c_q c_q[7] c_w") + "thermo 3\nrun 3000\n");
    ASSERT_EQ(run.status, 0) << run.output.substr(0, 3000);
    const double cold = Butane::kT(300.0), hot = Butane::kT(600.0);
    std::vector<double> all, density, exchange;
    for (const auto &row : run.thermo) {
      const std::vector<double> x(row.begin() + 2, row.begin() + 14);
      EXPECT_NEAR(row.at(15), -row.at(1) / cold - row.at(14), 1e-9);
      density.push_back(row.at(14));
      exchange.push_back(std::exp(-row.at(16)));
      all.insert(all.end(), x.begin(), x.end());
    }
    const auto exact = Butane::molecule().log_densities(all, cold);
    for (size_t i = 0; i < exact.size(); i++) density[i] = std::exp(density[i] - exact[i]);
    // Of samples of the target: <q/p> = 1, and <exp(-work)> = Z(600 K) / Z(300 K).
    EXPECT_LT(std::fabs(estimators::mean_with_error(density).z_score(1.0)), 4.0) << spoil;
    const double ratio =
        std::exp(Butane::molecule().log_integral(hot) - Butane::molecule().log_integral(cold));
    const auto mean = estimators::mean_with_error(exchange);
    EXPECT_LT(std::fabs(mean.z_score(ratio)), 4.0)
        << mean.mean << " +- " << mean.error << " " << ratio;
    EXPECT_LT(mean.error, 0.2 * ratio);
  }
}

} // namespace
