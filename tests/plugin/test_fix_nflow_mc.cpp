// fix nflow/mc inside LAMMPS: exact against quadrature in a frozen environment, with energies of
// other fixes; exact restarts; several runs, clear and reload; velocities.

#include "estimators/autocorrelation.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow;

constexpr double length = 6.0, cutoff = 1.5, strength = 3.0, spring = 0.5;

/// One disc in a periodic box among eight frozen soft discs, tethered to the place where it starts.
const std::vector<std::pair<double, double>> frozen = {
    {0.5, 0.5}, {2.4, 1.1}, {4.6, 0.8}, {1.2, 3.3}, {4.9, 3.1}, {0.7, 5.2}, {2.9, 4.7}, {5.3, 5.6}};
constexpr double start_x = 3.2, start_y = 2.9;

std::string environment() {
  std::ostringstream script;
  script << "units lj\ndimension 2\natom_modify map array\nregion r block 0 " << length << " 0 "
         << length << " -0.5 0.5\ncreate_box 2 r\n";
  for (const auto &place : frozen)
    script << "create_atoms 1 single " << place.first << " " << place.second << " 0\n";
  script << "create_atoms 2 single " << start_x << " " << start_y
         << " 0\nmass * 1.0\npair_style soft " << cutoff << "\npair_coeff * * " << strength
         << "\npair_coeff 1 1 0.0\nneighbor 0.2 bin\ngroup flow type 2\n"
         << "fix tether flow spring/self " << spring << "\nfix_modify tether energy yes\n";
  return script.str();
}

double nearest(double difference) {
  return difference - length * std::round(difference / length);
}

/// The energy that LAMMPS is meant to have at the unwrapped place (x, y) of the disc.
double energy(double x, double y) {
  double u = 0.5 * spring * ((x - start_x) * (x - start_x) + (y - start_y) * (y - start_y));
  for (const auto &place : frozen) {
    const double r = std::hypot(nearest(x - place.first), nearest(y - place.second));
    if (r < cutoff) u += strength * (1.0 + std::cos(M_PI * r / cutoff));
  }
  return u;
}

struct Exact {
  double mean_energy = 0.0, x = 0.0, y = 0.0, xx = 0.0, yy = 0.0;
};

Exact quadrature(double temperature) {
  Exact sum;
  double z = 0.0;
  for (double x = start_x - 12.0; x < start_x + 12.0; x += 0.02)
    for (double y = start_y - 12.0; y < start_y + 12.0; y += 0.02) {
      const double u = energy(x, y), w = std::exp(-u / temperature);
      z += w;
      sum.mean_energy += w * u;
      sum.x += w * x;
      sum.y += w * y;
      sum.xx += w * x * x;
      sum.yy += w * y * y;
    }
  return {sum.mean_energy / z, sum.x / z, sum.y / z, sum.xx / z, sum.yy / z};
}

class Environment : public ::testing::TestWithParam<std::tuple<std::string, bool, int>> {};

TEST_P(Environment, AveragesAreExact) {
  const auto &moves = std::get<0>(GetParam());
  tests::write_toy_model("model.pt", tests::toy_metadata(1, 2, std::get<1>(GetParam())), 1.1, 3.0);
  const double temperature = 0.8;
  const int ranks = std::get<2>(GetParam());
  const auto run = tests::run_lammps(
      environment() + "fix m flow nflow/mc 1 5 1234 0.8 model.pt " + moves +
          "\nvariable x equal xlat\nvariable a equal id\ncompute u flow property/atom xu yu\n"
          "compute xu flow reduce sum c_u[1]\ncompute yu flow reduce sum c_u[2]\n"
          "thermo_style custom step pe c_xu c_yu f_m\nthermo_modify norm no format float "
          "%20.13g\nthermo 2\nrun " +
          (ranks == 1 ? "30000\n" : "10000\n"),
      ranks);
  ASSERT_EQ(run.status, 0) << run.output.substr(0, 2000);
  std::vector<std::vector<double>> series(5);
  for (const auto &row : run.thermo) {
    ASSERT_NEAR(row[1], energy(row[2], row[3]), 1e-9);
    const double values[5] = {row[1], row[2], row[3], row[2] * row[2], row[3] * row[3]};
    for (int i = 0; i < 5; i++) series[i].push_back(values[i]);
  }
  const auto exact = quadrature(temperature);
  const double wanted[5] = {exact.mean_energy, exact.x, exact.y, exact.xx, exact.yy};
  for (int i = 0; i < 5; i++)
    EXPECT_LT(std::fabs(estimators::mean_with_error(series[i]).z_score(wanted[i])), 4.0)
        << "observable " << i;
  EXPECT_GT(run.thermo.back()[4], 0.05);
}
INSTANTIATE_TEST_SUITE_P(
    Moves, Environment,
    ::testing::Values(std::make_tuple("move independence", false, 1),
                      std::make_tuple("move multitry 4 batch 10", true, 1),
                      std::make_tuple("move latent sigma 0.6", true, 1),
                      std::make_tuple("move pcn 0.6", false, 1),
                      std::make_tuple("move independence weight 0.3 move latent 0.5", true, 2)));

std::string contents(const std::string &file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Restart, MidRunEqualsTheUnbrokenRun) {
  tests::write_toy_model("model.pt", tests::toy_metadata(1, 2, true), 1.1, 3.0);
  const std::string fix =
      "fix m flow nflow/mc 2 7 1234 0.8 model.pt move independence move latent sigma 0.4 "
      "move multitry 3 batch 10\n"
      "thermo_style custom step pe f_m f_m[1] f_m[2] f_m[3] f_m[4] f_m[5] f_m[6] f_m[10] f_m[11]\n"
      "thermo_modify norm no format float %20.16g\nthermo 100\n";
  const std::string dump =
      "write_dump all custom DUMP id type x y ix iy modify sort id format float %20.17g\n";
  const auto named = [&](const std::string &name) {
    auto text = dump;
    return text.replace(text.find("DUMP"), 4, name);
  };
  const auto whole = tests::run_lammps(
      environment() + fix + "run 500\nwrite_restart half.restart\nrun 500\n" + named("whole.dump"));
  ASSERT_EQ(whole.status, 0) << whole.output;
  const auto second =
      tests::run_lammps("read_restart half.restart\npair_style soft 1.5\npair_coeff * * "
                        "3.0\npair_coeff 1 1 0.0\nneighbor 0.2 bin\n"
                        "fix tether flow spring/self 0.5\nfix_modify tether energy yes\n" +
                        fix + "run 500\n" + named("second.dump"));
  ASSERT_EQ(second.status, 0) << second.output;
  EXPECT_EQ(second.thermo.back(), whole.thermo.back());
  EXPECT_EQ(contents("second.dump"), contents("whole.dump"));
  EXPECT_GT(contents("whole.dump").size(), 100u);
  // And the break itself does not change anything: one run of 1000.
  const auto unbroken =
      tests::run_lammps(environment() + fix + "run 1000\n" + named("unbroken.dump"));
  EXPECT_EQ(unbroken.thermo.back(), whole.thermo.back());
  EXPECT_EQ(contents("unbroken.dump"), contents("whole.dump"));
}

TEST(Restart, RefusesAResetTimestep) {
  tests::write_toy_model("model.pt", tests::toy_metadata(1, 2), 1.1, 3.0);
  const std::string fix = "fix m flow nflow/mc 2 7 1234 0.8 model.pt\n";
  ASSERT_EQ(tests::run_lammps(environment() + fix + "run 10\nwrite_restart reset.restart\n").status,
            0);
  const auto run =
      tests::run_lammps("read_restart reset.restart\nreset_timestep 0\npair_style soft 1.5\n"
                        "pair_coeff * * 3.0\n" +
                        fix);
  EXPECT_NE(run.error().find("timestep must not be reset"), std::string::npos) << run.output;
}

TEST(Lifetime, RunZeroSeveralRunsClearAndReload) {
  tests::write_toy_model("model.pt", tests::toy_metadata(1, 2), 1.1, 3.0);
  const std::string fix =
      "fix m flow nflow/mc 1 7 1234 0.8 model.pt\nthermo_style custom step pe f_m[1]\n";
  const auto run = tests::run_lammps(
      environment() + fix + "run 0\nrun 5\nrun 0\nrun 5\nthermo_style one\nunfix m\nrun 2\n" + fix +
          "run 5\nclear\nplugin unload fix nflow/mc\nplugin list\n" + "plugin load ${so}\n" +
          environment() + fix + "run 5\n",
      1, "-var so " + std::string(NFLOW_PLUGIN_FILE));
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.error(), "");
  EXPECT_EQ(run.thermo.back().at(2), 35.0);
}

TEST(Velocity, RedrawGivesTheTemperatureAndKeepKeeps) {
  auto metadata = tests::toy_metadata(50, 3);
  tests::write_toy_model("free.pt", metadata);
  tests::write_harmonic_energy("free_energy.pt", 50, 3, 1.0);
  const auto script = [](const std::string &velocity) {
    return "units lj\nregion r block -20 20 -20 20 -20 20\ncreate_box 1 r\ncreate_atoms 1 random "
           "50 77 NULL\n"
           "mass 1 2.0\npair_style zero 1.0\npair_coeff * *\nfix e all nflow/energy "
           "free_energy.pt\n"
           "fix_modify e energy yes\nvelocity all create 1.0 11 mom no\n"
           "fix m all nflow/mc 1 1 1234 2.5 free.pt velocity " +
           velocity +
           "\ncompute k all ke\nthermo_style custom step c_k f_m\nthermo_modify norm no\nthermo "
           "1\nrun 200\n";
  };
  const auto keep = tests::run_lammps(script("keep"));
  ASSERT_EQ(keep.status, 0) << keep.output;
  EXPECT_EQ(keep.thermo.front().at(1), keep.thermo.back().at(1));
  const auto redraw = tests::run_lammps(script("redraw"));
  ASSERT_EQ(redraw.status, 0) << redraw.output;
  // The flow is the exact density at any temperature: all moves are accepted, all velocities drawn
  // afresh.
  EXPECT_NEAR(redraw.thermo.back().at(2), 1.0, 1e-9);
  std::vector<double> kinetic;
  for (size_t i = 1; i < redraw.thermo.size(); i++) kinetic.push_back(redraw.thermo[i].at(1));
  EXPECT_LT(std::fabs(estimators::mean_with_error(kinetic).z_score(1.5 * 50 * 2.5)), 4.0);
}

/// A tethered disc beside one that moves and shifts the energy by tens of k_BT: the weights of one
/// call belong together, those of different calls do not.
TEST(Ess, IsThatOfOneEnvironmentWhereOthersMove) {
  tests::write_toy_model("near.pt", tests::toy_metadata(1, 1), 1.1 / std::sqrt(2.0), 0.0);
  const std::string script =
      "units lj\ndimension 2\nboundary f f p\natom_modify map array\nregion r block -20 20 -20 20 "
      "-0.5 0.5\ncreate_box 1 r\ncreate_atoms 1 single 0 0 0\ncreate_atoms 1 single 3 0 0\nmass 1 "
      "1\npair_style zero 1.0\npair_coeff * *\ngroup flow id 1\ngroup other id 2\nfix s all "
      "spring/self 2.0\nfix_modify s energy yes\ndisplace_atoms other move 9 0 0\nfix i other nve\n"
      "fix p all enforce2d\ntimestep 0.05\nfix m flow nflow/mc 7 20 5 1.0 near.pt\n"
      "thermo_style custom step f_m f_m[5]\nthermo 700\nrun 7000\n";
  const auto run = tests::run_lammps(script);
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_GT(run.thermo.back()[1], 0.8); // acceptance
  EXPECT_GT(run.thermo.back()[2], 0.8);
}

/// A flow far from here: the run is exact, and says that this move is for nothing.
TEST(Fruitless, AMoveOfWhichNothingIsAcceptedIsNamed) {
  tests::write_toy_model("far.pt", tests::toy_metadata(1, 2), 0.1, 40.0);
  const std::string script = environment() +
                             "fix m flow nflow/mc 1 5 1234 0.8 far.pt move independence move pcn "
                             "1e-4 weight 3\nthermo_style custom step f_m[10] f_m[11] f_m[13]\n"
                             "thermo 50\n";
  const auto run = tests::run_lammps(script + "run 400\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.thermo.back()[2], 0.0);
  std::ostringstream sentence;
  sentence << "fix nflow/mc: of " << run.thermo.back()[1]
           << " attempts of 'independence' none was accepted (the likeliest with a probability of "
              "exp(-";
  EXPECT_NE(run.output.find(sentence.str()), std::string::npos) << run.output;
  EXPECT_EQ(run.output.find("attempts of 'pcn'"), std::string::npos) << run.output;
  // Too few to tell.
  const auto brief = tests::run_lammps(script + "run 30\n");
  EXPECT_EQ(brief.output.find("none was accepted"), std::string::npos) << brief.output;
}

TEST(NotFinite, OutsideAFixedBoxIsRejectedAndCounted) {
  tests::write_toy_model("wide.pt", tests::toy_metadata(1, 1), 4.0);
  tests::write_harmonic_energy("flat.pt", 1, 1, 1e-6);
  const auto run = tests::run_lammps("units lj\nboundary f f f\nregion r block -2 2 -1 1 -1 "
                                     "1\ncreate_box 1 r\ncreate_atoms 1 single 0.1 0 0\n"
                                     "mass 1 1\npair_style zero 1.0\npair_coeff * *\nfix e all "
                                     "nflow/energy flat.pt\nfix_modify e energy yes\n"
                                     "fix m all nflow/mc 1 10 5 1.0 wide.pt\nthermo_style custom "
                                     "step f_m[1] f_m[2] f_m[6] xlo\nrun 500\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.thermo.back().at(1), 5000.0);
  EXPECT_GT(run.thermo.back().at(2), 1000.0);
  EXPECT_GT(run.thermo.back().at(3), 1000.0);
}

} // namespace
