// fix nflow/mc/kk against fix nflow/mc: the same script with and without '-k on -sf kk' must decide
// alike and find the same energies, whatever the move; and what a user may do wrong with Kokkos.

#include "plugin/soft_discs.h"
#include "support/kokkos.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::expect_equal_runs;
using tests::on_kokkos;
using tests::SoftDiscs;

class KokkosMC : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!tests::lammps_has_kokkos()) GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  }
};

const std::string counts = "f_m f_m[1] f_m[2] f_m[3] f_m[4] f_m[5] f_m[6] ";

/// Both styles, `ranks` ranks each.
void compare(const std::string &script, int ranks = 1) {
  const auto host = tests::run_lammps(script, ranks);
  const auto kokkos = tests::run_lammps(script, ranks, on_kokkos);
  ASSERT_EQ(host.status, 0) << host.output;
  ASSERT_EQ(kokkos.status, 0) << kokkos.output;
  EXPECT_NE(kokkos.output.find("positions on Kokkos"), std::string::npos) << kokkos.output;
  EXPECT_NE(host.output.find("positions on host"), std::string::npos) << host.output;
  // A GPU adds in another order, and rounding grows from excursion to excursion: to 2e-9 on an
  // H200.
  expect_equal_runs(host, kokkos, tests::kokkos_on_gpu ? 1e-6 : 1e-10);
}

void write_files() {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 500);
}

const std::string liquid = "fix m all nflow/mc 1 5 1234 0.8 liquid.pt ";

class KokkosLiquidMoves : public KokkosMC, public ::testing::WithParamInterface<std::string> {};

TEST_P(KokkosLiquidMoves, DecideAsOnTheHost) {
  write_files();
  for (const int ranks : {1, 2})
    compare(SoftDiscs::script(liquid + GetParam() + "\n", counts) + "thermo 10\nrun 200\n", ranks);
}
INSTANTIATE_TEST_SUITE_P(
    Moves, KokkosLiquidMoves,
    ::testing::Values("move mapped reservoir hot.dump batch 7",
                      "move excursion steps 3 timestep 0.15 repeat 2",
                      "move excursion steps 3 timestep 0.15 local 2",
                      "move mapped reservoir hot.dump weight 2 move excursion steps 3 timestep "
                      "0.15 local 3 prior 1.5 rearranged 0.3 1.2"));

TEST_F(KokkosMC, BesideDynamics) {
  write_files();
  compare(SoftDiscs::script("velocity all create 0.8 5 mom no\nfix n all nve\nfix two all "
                            "enforce2d\ntimestep 0.02\ncompute k all ke\n"
                            "fix m all nflow/mc 4 1 1234 0.8 liquid.pt move excursion steps 3 "
                            "timestep 0.15 velocity redraw\n",
                            "c_k " + counts) +
          "thermo 4\nrun 200\n");
}

/// Three atoms in a harmonic trap, without a periodic box; every move of a gaussian prior.
std::string trap(const std::string &moves) {
  return "units lj\natom_modify map array\nboundary f f f\nregion r block -9 9 -9 9 -9 "
         "9\ncreate_box 1 r\ncreate_atoms 1 single 0.1 0.2 0.3\ncreate_atoms 1 single 1.1 -0.2 "
         "0.3\ncreate_atoms 1 single -0.4 0.2 1.3\nmass 1 1.0\npair_style soft 1.5\npair_coeff * * "
         "2.0\ncomm_modify cutoff 3\nfix e all nflow/energy harmonic.pt\nfix_modify e energy "
         "yes\nfix m all nflow/mc 1 5 99 1.0 flow.pt " +
         moves + "\nthermo_style custom step pe " + counts +
         "\nthermo_modify norm no format float %20.16g\nthermo 10\nrun 200\n";
}

class KokkosGaussianMoves : public KokkosMC, public ::testing::WithParamInterface<std::string> {};

TEST_P(KokkosGaussianMoves, DecideAsOnTheHost) {
  tests::write_harmonic_energy("harmonic.pt", 3, 3, 1.5);
  for (const bool auxiliary : {false, true}) {
    tests::write_toy_model("flow.pt", tests::toy_metadata(3, 3, auxiliary), 0.9, 0.05);
    compare(trap(GetParam()));
  }
}
INSTANTIATE_TEST_SUITE_P(Moves, KokkosGaussianMoves,
                         ::testing::Values("move independence batch 9", "move multitry 4 batch 5",
                                           "move latent sigma 0.4", "move pcn 0.5",
                                           "move independence move latent sigma 0.3 move multitry "
                                           "3"));

TEST_F(KokkosMC, RestartEqualsTheUnbrokenRun) {
  write_files();
  const std::string fix = liquid + "move mapped reservoir hot.dump weight 2 move excursion steps 3 "
                                   "timestep 0.15 local 3\n";
  const auto whole = tests::run_lammps(
      SoftDiscs::script(fix, counts) + "thermo 50\nrun 50\nwrite_restart half.restart\nrun 50\n", 1,
      on_kokkos);
  ASSERT_EQ(whole.status, 0) << whole.output;
  auto script = SoftDiscs::script(fix, counts);
  script = "read_restart half.restart\n" + script.substr(script.find("mass 1 1.0"));
  const auto second = tests::run_lammps(script + "thermo 50\nrun 50\n", 1, on_kokkos);
  ASSERT_EQ(second.status, 0) << second.output;
  EXPECT_EQ(second.thermo.back(), whole.thermo.back());
}

TEST_F(KokkosMC, WithoutKokkosAKokkosStyleStops) {
  write_files();
  const std::string fix = "fix m all nflow/mc/kk 1 5 1234 0.8 liquid.pt move excursion steps 3 "
                          "timestep 0.15\n";
  const auto run = tests::run_lammps(SoftDiscs::script(fix) + "run 1\n");
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.error().find("start LAMMPS with '-k on'"), std::string::npos) << run.output;
}

TEST_F(KokkosMC, AllNamesOfTheStyleWork) {
  write_files();
  for (const std::string suffix : {"kk", "kk/device", "kk/host"}) {
    const auto run = tests::run_lammps(
        SoftDiscs::script("fix m all nflow/mc/" + suffix +
                          " 1 5 1234 0.8 liquid.pt move excursion steps 3 timestep 0.15\n") +
            "run_style verlet/kk\nrun 5\n",
        1, tests::with_kokkos);
    EXPECT_EQ(run.status, 0) << run.output;
  }
}

} // namespace
