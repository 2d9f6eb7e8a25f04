// fix nflow/temper, fix nflow/energy and compute nflow/work with Kokkos: the same script with and
// without '-k on -sf kk' must decide alike and find the same energies.

#include "mpi/discs.h"
#include "mpi/harmonic.h"
#include "plugin/soft_discs.h"
#include "support/kokkos.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::contents;
using tests::expect_equal_runs;
using tests::on_kokkos;
using tests::SoftDiscs;

class KokkosStyles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!tests::lammps_has_kokkos()) GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  }
};

/// The script in partitions, with the exchanges that it logged in `log`.
struct Tempered {
  tests::PartitionRun run;
  std::vector<tests::Exchange> exchanges;
};

Tempered tempered(const std::string &script, const std::string &layout, const std::string &log,
                  const std::string &extra) {
  std::remove(log.c_str());
  Tempered result{tests::run_partitions(script, layout, 240, extra), {}};
  EXPECT_EQ(result.run.status, 0) << result.run.text();
  result.exchanges = tests::exchange_log(log);
  return result;
}

void expect_near(double a, double b) {
  if (std::isfinite(a) || std::isfinite(b)) {
    ASSERT_NEAR(a, b, 1e-10 * (1.0 + std::fabs(a)));
  }
}

/// Whether the info command names the style.
bool uses(const tests::LammpsRun &run, const std::string &style) {
  return run.output.find("style = " + style) != std::string::npos;
}

/// The script for Kokkos: LAMMPS's spring/self/kk is refused on a GPU.
std::string for_kokkos(std::string script) {
  const auto at = script.find("fix tether");
  if (!tests::kokkos_on_gpu || at == std::string::npos) return script;
  script.insert(script.find('\n', at) + 1, "suffix on\n");
  return script.insert(at, "suffix off\n");
}

void compare_tempered(const std::string &script, const std::string &layout,
                      const std::string &log) {
  const auto host = tempered(script, layout, log, ""),
             kokkos = tempered(for_kokkos(script), layout, log, on_kokkos);
  EXPECT_TRUE(uses(kokkos.run.partitions[0], "nflow/temper/kk"));
  EXPECT_FALSE(uses(host.run.partitions[0], "nflow/temper/kk"));
  ASSERT_GT(host.exchanges.size(), 20u);
  ASSERT_EQ(host.exchanges.size(), kokkos.exchanges.size());
  int accepted = 0;
  for (size_t k = 0; k < host.exchanges.size(); k++) {
    const auto &a = host.exchanges[k], &b = kokkos.exchanges[k];
    ASSERT_EQ(a.accepted, b.accepted) << "line " << k;
    ASSERT_EQ(a.replica_i, b.replica_i) << "line " << k;
    ASSERT_EQ(a.replica_j, b.replica_j) << "line " << k;
    expect_near(a.work_ij, b.work_ij);
    expect_near(a.work_ji, b.work_ji);
    accepted += a.accepted;
  }
  EXPECT_GT(accepted, 3);
  for (size_t p = 0; p < host.run.partitions.size(); p++)
    expect_equal_runs(host.run.partitions[p], kokkos.run.partitions[p], 1e-10);
}

/// Tells the names of the styles in the log of the partition.
std::string with_info(std::string script) {
  return script.insert(script.rfind("\nrun ") + 1, "info out log fixes\n");
}

class KokkosTemper : public KokkosStyles, public ::testing::WithParamInterface<const char *> {};
INSTANTIATE_TEST_SUITE_P(Maps, KokkosTemper,
                         ::testing::Values("", "model discs_pt.pt", "tune 16",
                                           "model discs_pt.pt auxiliary velocity",
                                           "velocity redraw partners any"));

TEST_P(KokkosTemper, DecidesAsOnTheHost) {
  const std::string keywords = GetParam();
  compare_tempered(with_info(tests::discs(2, keywords)), "2x1", "discs.log");
  if (keywords.find("velocity") == std::string::npos)
    compare_tempered(with_info(tests::discs(2, keywords)), "1 2", "discs.log");
}

/// 64 Lennard-Jones atoms in the plane beside a thermostat.
std::string lj_liquid(const std::string &thermostat, const std::string &keywords,
                      const std::string &rest) {
  return tests::world_variable("t", std::vector<double>{1.0, 1.1}) +
         tests::world_variable("s", std::vector<int>{71, 72}) +
         "units lj\ndimension 2\natom_modify map array\nlattice sq 0.7\nregion r block 0 8 0 8 "
         "-0.5 0.5\ncreate_box 1 r\ncreate_atoms 1 region r\nmass 1 1.0\npair_style lj/cut 2.5\n"
         "pair_coeff * * 1.0 1.0\nneighbor 0.4 bin\nneigh_modify delay 0 every 1 check yes\n"
         "velocity all create ${t} ${s} loop geom\n" +
         thermostat + "fix plane all enforce2d\nfix pt all nflow/temper 3 31 ${t} log lj.log " +
         keywords +
         "\nthermo_style custom step pe ke press f_pt\nthermo_modify norm no format float "
         "%20.16g\nthermo 5\ntimestep 0.003\n" +
         rest;
}

class KokkosTemperDynamics : public KokkosStyles,
                             public ::testing::WithParamInterface<const char *> {};
INSTANTIATE_TEST_SUITE_P(Velocities, KokkosTemperDynamics,
                         ::testing::Values("", "velocity redraw"));

// Short, for rounding grows in dynamics.
TEST_P(KokkosTemperDynamics, GoesOnAsOnTheHost) {
  for (const std::string layout : {"2x1", "2x2"})
    compare_tempered(
        with_info(lj_liquid("fix bath all nvt temp ${t} ${t} 0.3\n", GetParam(), "run 150\n")),
        layout, "lj.log");
}

TEST_F(KokkosStyles, ContinuedTemperingIsTheUnbrokenRun) {
  const std::string columns = "f_pt f_pt[1] f_pt[4] f_pt[5] f_m[1] f_m[2]";
  const std::vector<double> ladder = {0.4, 0.6};
  const auto number = tests::world_variable("p", std::vector<int>{0, 1});
  const auto fix = [](const std::string &log) {
    return "fix pt all nflow/temper 2 4711 ${t} velocity redraw log " + log + "\n";
  };
  using tests::Harmonic;
  const auto whole =
      tests::run_partitions(number + Harmonic::script(ladder, fix("whole.log"), columns) +
                                "thermo 50\nrun 100\nwrite_restart half.${p}\nrun 100\n",
                            "2x1", 120, on_kokkos);
  ASSERT_EQ(whole.status, 0) << whole.text();
  std::remove("half.log");
  const auto half = tests::run_partitions(Harmonic::script(ladder, fix("half.log"), columns) +
                                              "thermo 50\nrun 100\n",
                                          "2x1", 120, on_kokkos);
  ASSERT_EQ(half.status, 0) << half.text();
  const auto resumed = tests::run_partitions(tests::world_variable("t", ladder) + number +
                                                 "read_restart half.${p}\n" + Harmonic::settings() +
                                                 fix("half.log") + Harmonic::thermo(columns) +
                                                 "thermo 50\nrun 100\n",
                                             "2x1", 120, on_kokkos);
  ASSERT_EQ(resumed.status, 0) << resumed.text();
  EXPECT_GT(contents("whole.log").size(), 1000u);
  EXPECT_EQ(contents("half.log"), contents("whole.log"));
  for (int p = 0; p < 2; p++)
    EXPECT_EQ(resumed.partitions[p].thermo.back(), whole.partitions[p].thermo.back());
}

/// Both styles, `ranks` ranks each.
void compare(const std::string &script, int ranks, const std::string &style) {
  const auto host = tests::run_lammps(script, ranks);
  const auto kokkos = tests::run_lammps(script, ranks, on_kokkos);
  ASSERT_EQ(host.status, 0) << host.output;
  ASSERT_EQ(kokkos.status, 0) << kokkos.output;
  EXPECT_TRUE(uses(kokkos, style + "/kk")) << kokkos.output;
  EXPECT_FALSE(uses(host, style + "/kk")) << host.output;
  expect_equal_runs(host, kokkos, 1e-10);
}

const std::string work_columns = "c_w c_w[1] c_w[2] c_w[3] c_w[4] c_w[5] c_w[6] c_w[7] ";

TEST_F(KokkosStyles, WorkOfALiquidIsThatOfTheHost) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(false));
  for (const std::string direction : {"1.5 0.8", "0.8 1.5"})
    for (const int ranks : {1, 2})
      compare(SoftDiscs::script("compute w all nflow/work liquid.pt " + direction + '\n',
                                work_columns) +
                  "velocity all create 0.8 5 mom no\nfix n all nve\nfix two all enforce2d\n"
                  "timestep 0.01\nthermo 5\ninfo computes\nrun 50\n",
              ranks, "nflow/work");
}

/// Three atoms in a trap by fix nflow/energy; thermo output: pe, press, and `columns`.
std::string trap(const std::string &commands, const std::string &columns = "") {
  tests::write_harmonic_energy("trap.pt", 3, 3, 1.5);
  return "units lj\natom_modify map array\nboundary f f f\nregion r block -9 9 -9 9 -9 9\n"
         "create_box 1 r\ncreate_atoms 1 single 0.1 0.2 0.3\ncreate_atoms 1 single 1.1 -0.2 "
         "0.3\ncreate_atoms 1 single -0.4 0.2 1.3\nmass 1 1.0\npair_style soft 1.5\npair_coeff * "
         "* 2.0\ncomm_modify cutoff 3\nfix e all nflow/energy trap.pt\nfix_modify e energy yes "
         "virial yes\ncompute s all stress/atom NULL virial\ncompute b all reduce sum c_s[1] "
         "c_s[4] c_s[5] c_s[6]\ncompute m all reduce max c_s[2] c_s[3]\ninfo fixes\n" +
         commands +
         "thermo_style custom step pe f_e press pxx pxy pyz c_b[1] c_b[2] c_b[3] "
         "c_b[4] c_m[1] c_m[2] " +
         columns + "\nthermo_modify norm no format float %20.16g\nthermo 5\n";
}

TEST_F(KokkosStyles, DensityAndWorkOfAGaussianPriorAreThoseOfTheHost) {
  for (const bool auxiliary : {false, true}) {
    tests::write_toy_model("flow.pt", tests::toy_metadata(3, 3, auxiliary), 0.9, 0.05);
    for (const std::string temperatures : {"0.8", "0.8 1.7"})
      compare(trap("compute w all nflow/work flow.pt " + temperatures +
                       "\nfix a all ave/time 1 1 5 c_w\ninfo computes\n",
                   work_columns + "f_a") +
                  "velocity all create 0.8 5 mom no\nfix n all nve\ntimestep 0.01\nrun 40\n",
              1, "nflow/work");
  }
}

TEST_F(KokkosStyles, EnergyForcesAndVirialAreThoseOfTheHost) {
  for (const int ranks : {1, 2})
    compare(trap("velocity all create 0.8 5 mom no\nfix n all nve\ntimestep 0.01\n") + "run 60\n",
            ranks, "nflow/energy");
  compare(trap("") + "min_style cg\nminimize 0 1e-8 20 100\n", 1, "nflow/energy");
}

/// A liquid of 180 atoms in the plane; three of them are thrown anywhere, through 14 builds of the
/// neighbor lists, and for a style without Kokkos as well.
std::string crowd(bool with) {
  tests::write_toy_model("anywhere.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0);
  std::ostringstream atoms;
  RandomStream random(3, 0, 0, Purpose::sample);
  for (int i = 0; i < 180; i++)
    atoms << "create_atoms 1 single " << 1.2 * (i % 15 + 0.4 + 0.2 * random.uniform()) << ' '
          << 1.2 * (i / 15 + 0.4 + 0.2 * random.uniform()) << " 0\n";
  const std::string compute = "compute w flow nflow/work anywhere.pt 1.0 1.4\n"
                              "fix a all ave/time 3 1 3 c_w file work.av\ninfo computes\n";
  return "units lj\ndimension 2\nregion r block 0 18 0 14.4 -0.5 0.5\ncreate_box 1 r\n" +
         atoms.str() +
         "mass 1 1.0\npair_style lj/cut 2.5\npair_coeff * * 1.0 1.0\nneighbor 0.3 bin\n"
         "neigh_modify delay 0 every 1 check yes\ngroup flow id 5 17 33\n"
         "fix tether flow spring/self 0.2\nfix_modify tether energy yes\n"
         "velocity all create 1.5 77 loop geom\nfix n all nve\n" +
         // On a GPU every run of fix langevin/kk has other noise.
         (tests::kokkos_on_gpu ? "" : "fix l all langevin 1 1 1 55\n") +
         "fix two all enforce2d\ncompute s all stress/atom NULL\ncompute b all reduce sum "
         "c_s[1]\n"
         // In both: newer LAMMPS fuses the integration of steps where no fix works at their end.
         "fix ends all ave/time 3 1 3 c_b\n" +
         (with ? compute : std::string()) + "thermo_style custom step pe press c_b f_tether" +
         (with ? " c_w c_w[2]" : "") +
         "\nthermo_modify norm no format float %20.17g\nthermo 10\ntimestep 0.005\nrun 500\n"
         "write_dump all custom " +
         (with ? "with" : "without") +
         ".dump id x y vx vy ix iy fx fy modify sort id format float %20.17g\n";
}

TEST_F(KokkosStyles, WorkLeavesNoTraceInTheTrajectory) {
  for (const int ranks : {1, 2, 4}) {
    const auto without = tests::run_lammps(for_kokkos(crowd(false)), ranks, on_kokkos);
    const auto with = tests::run_lammps(for_kokkos(crowd(true)), ranks, on_kokkos);
    ASSERT_EQ(without.status, 0) << without.output;
    ASSERT_EQ(with.status, 0) << with.output;
    EXPECT_TRUE(uses(with, "nflow/work/kk")) << with.output;
    EXPECT_GT(contents("without.dump").size(), 10000u);
    ASSERT_EQ(with.thermo.size(), 51u);
    // A GPU adds in another order each time, and rounding grows in dynamics.
    const size_t rows = tests::kokkos_on_gpu ? 8 : with.thermo.size();
    const double tolerance = tests::kokkos_on_gpu ? 1e-9 : 0.0;
    if (!tests::kokkos_on_gpu) {
      EXPECT_EQ(contents("with.dump"), contents("without.dump")) << ranks;
    }
    for (size_t i = 0; i < rows; i++)
      for (size_t k = 0; k < without.thermo[i].size(); k++)
        ASSERT_NEAR(with.thermo[i].at(k), without.thermo[i][k],
                    tolerance * (1.0 + std::fabs(without.thermo[i][k])))
            << "row " << i << " column " << k;
    EXPECT_NE(with.thermo.back().at(6), with.thermo.back().at(1)); // elsewhere another energy
  }
}

// It forgets its places, and the energy of a configuration is another one afterwards.
TEST_F(KokkosStyles, RefuseSpringsThatForget) {
  if (!tests::kokkos_on_gpu) GTEST_SKIP() << "no GPU";
  const auto run = tests::run_lammps(crowd(true), 1, on_kokkos);
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.error().find("fix tether (spring/self/kk) of LAMMPS loses its places"),
            std::string::npos)
      << run.output;
}

/// Replaces the first `from`.
std::string replaced(std::string text, const std::string &from, const std::string &to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(KokkosStyles, WithoutKokkosTheyStop) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(false));
  for (const std::string &script :
       {replaced(trap(""), "nflow/energy", "nflow/energy/kk"),
        SoftDiscs::script("compute w all nflow/work/kk liquid.pt 1.5 0.8\n", "c_w")}) {
    const auto run = tests::run_lammps(script + "run 1\n");
    EXPECT_NE(run.status, 0);
    EXPECT_NE(run.error().find("start LAMMPS with '-k on'"), std::string::npos) << run.output;
  }
  const auto run = tests::run_partitions(
      replaced(tests::discs(2, ""), "nflow/temper", "nflow/temper/kk"), "2x1", 60);
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.text().find("start LAMMPS with '-k on'"), std::string::npos) << run.text();
}

/// Each of them may be the only one with Kokkos, or without it.
TEST_F(KokkosStyles, MixWithOthers) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(false));
  const std::string compute = "compute w all nflow/work liquid.pt 1.5 0.8\n", run = "run 20\n";
  const std::string dynamics = "velocity all create 0.8 5 mom no\nfix n all nve\ntimestep 0.01\n"
                               "thermo 5\n" +
                               run;
  const auto with_one = [&](const std::string &script, const std::string &style) {
    const auto host = tests::run_lammps(script);
    for (const std::string suffix : {"/kk", "/kk/device", "/kk/host"}) {
      // Kokkos needs its own loop over the steps.
      const auto other =
          replaced(replaced(script, style, style + suffix), run, "run_style verlet/kk\n" + run);
      expect_equal_runs(host, tests::run_lammps(other, 1, tests::with_kokkos), 1e-10);
    }
  };
  const auto script = SoftDiscs::script(compute, work_columns) + dynamics;
  with_one(script, "nflow/work");
  with_one(trap("") + dynamics, "nflow/energy");
  const auto without = replaced(script, compute, "suffix off\n" + compute + "suffix on\n");
  const auto host_style = tests::run_lammps(without, 1, on_kokkos);
  if (tests::kokkos_on_gpu) {
    EXPECT_NE(host_style.error().find("use its variant /kk"), std::string::npos)
        << host_style.output;
  } else {
    expect_equal_runs(tests::run_lammps(script), host_style, 1e-10);
  }
}

} // namespace
