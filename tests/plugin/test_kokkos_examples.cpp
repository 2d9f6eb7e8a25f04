// Every example with '-k on -sf kk', unchanged: those that are Monte Carlo only must decide as they
// do on the host; those with dynamics (fix langevin/kk draws other random numbers) must run.

#include "mpi/partitions.h"
#include "support/kokkos.h"
#include "support/run_command.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow;
using tests::expect_equal_runs;
using tests::on_kokkos;

const std::string source = NFLOW_SOURCE_DIR;

/// The arguments that an example needs when it does not run in the root of the repository.
std::string places(const std::string &folder) {
  return " -var nflow_potentials " + source + "/potentials -var folder " + source + "/examples/" +
         folder + " -var plugin " + tests::plugin_file() + " ";
}
std::string in(const std::string &folder, const std::string &input) {
  return "include " + source + "/examples/" + folder + "/" + input + "\n";
}
std::string potential(const std::string &file) {
  return source + "/potentials/" + file;
}

class KokkosExamples : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!tests::lammps_has_kokkos()) GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  }
};

TEST_F(KokkosExamples, TheMultiWellDecidesAsOnTheHost) {
  const std::string options = places("multiwell") + "-var energy " + potential("multiwell20.pt") +
                              " -var model " + potential("multiwell20_tsf.pt") + " -var steps 150 ";
  const auto script = in("multiwell", "in.mc");
  const auto host = tests::run_lammps(script, 1, options);
  const auto kokkos = tests::run_lammps(script, 1, options + on_kokkos);
  ASSERT_EQ(host.status, 0) << host.output;
  ASSERT_EQ(kokkos.status, 0) << kokkos.output;
  expect_equal_runs(host, kokkos, 1e-10);
}

TEST_F(KokkosExamples, TheTemperedMultiWellDecidesAsOnTheHost) {
  const std::string options =
      places("multiwell") + "-var energy " + potential("multiwell20.pt") + " -var model " +
      potential("multiwell20_tsf.pt") + " -var ladder \"1 0.7\" -var exchange \"model " +
      potential("multiwell20_tsf.pt") + "\" -var steps 300 -var settle 100 ";
  const auto script = in("multiwell", "in.temper");
  const auto host = tests::run_partitions(script, "2x1", 120, options + "-var output host");
  const auto kokkos =
      tests::run_partitions(script, "2x1", 120, options + "-var output kokkos " + on_kokkos);
  ASSERT_EQ(host.status, 0) << host.text();
  ASSERT_EQ(kokkos.status, 0) << kokkos.text();
  const auto expected = tests::exchange_log("host.exchange");
  const auto found = tests::exchange_log("kokkos.exchange");
  ASSERT_GT(expected.size(), 100u);
  ASSERT_EQ(expected.size(), found.size());
  for (size_t i = 0; i < expected.size(); i++) {
    ASSERT_EQ(expected[i].accepted, found[i].accepted) << i;
    ASSERT_NEAR(expected[i].work_ij, found[i].work_ij, 1e-9 * (1.0 + std::fabs(found[i].work_ij)));
  }
  for (int p = 0; p < 2; p++) expect_equal_runs(host.partitions[p], kokkos.partitions[p], 1e-10);
}

struct Liquid {
  std::string folder, hot, cold, start;
};

class KokkosLiquids : public KokkosExamples, public ::testing::WithParamInterface<Liquid> {};

TEST_P(KokkosLiquids, DecideAsOnTheHost) {
  const Liquid &liquid = GetParam();
  const std::string folder = source + "/examples/" + liquid.folder;
  const auto training = tests::run_command(
      std::string(NFLOW_TRAIN) + " --lammps " + folder + "/in.system --variable folder=" + folder +
      " --variable nflow_potentials=" + source + "/potentials --prior-temperature " + liquid.hot +
      " --temperature " + liquid.cold +
      " --sample 60 --layers 4 --scalars --steps 5 --validate-every 5 --validation-samples 20 "
      "--output liquid.pt");
  ASSERT_EQ(training.code, 0) << training.output;
  const std::string options = places(liquid.folder) + "-var start " + folder + "/start/" +
                              liquid.start + " -var model liquid.pt -var reservoir liquid.pt.T" +
                              liquid.hot + ".dump.gz -var calls 60 ";
  const auto script = in(liquid.folder, "in.mc");
  const auto host = tests::run_lammps(script, 1, options);
  const auto kokkos = tests::run_lammps(script, 1, options + on_kokkos);
  ASSERT_EQ(host.status, 0) << host.output;
  ASSERT_EQ(kokkos.status, 0) << kokkos.output;
  expect_equal_runs(host, kokkos, 1e-9); // sums of pair energies in another order
}
INSTANTIATE_TEST_SUITE_P(Liquids, KokkosLiquids,
                         ::testing::Values(Liquid{"ka2d", "0.6", "0.4", "n43_T0.40.data"},
                                           Liquid{"lj108", "2", "1.7", "n108_T1.70.data"}));

struct Dynamics {
  std::string folder, input, options;
};

class KokkosDynamics : public KokkosExamples, public ::testing::WithParamInterface<Dynamics> {};

TEST_P(KokkosDynamics, Runs) {
  const Dynamics &example = GetParam();
  const auto run = tests::run_lammps(in(example.folder, example.input), 1,
                                     places(example.folder) + example.options + " " + on_kokkos);
  ASSERT_EQ(run.status, 0) << run.output;
  ASSERT_FALSE(run.thermo.empty());
  for (const double value : run.thermo.back()) EXPECT_TRUE(std::isfinite(value));
}
const std::string cooling = "-var hot 50 -var cool 50 -var hold 50 -var output end.data";
INSTANTIATE_TEST_SUITE_P(
    Examples, KokkosDynamics,
    ::testing::Values(Dynamics{"multiwell", "in.langevin",
                               "-var energy " + potential("multiwell20.pt") + " -var steps 300"},
                      Dynamics{"doublewell64", "in.langevin",
                               "-var energy " + potential("doublewell64.pt") +
                                   " -var steps 200 -var settle 100"},
                      Dynamics{"ka2d", "in.equilibrate", cooling},
                      Dynamics{"lj108", "in.equilibrate", cooling},
                      Dynamics{"ka2d", "in.md", "-var steps 1000 -var settle 100"},
                      Dynamics{"ka2d", "in.md", "-var steps 1000 -var settle 100 -var swaps 20"},
                      Dynamics{"ka2d", "in.reference", "-var steps 400 -var settle 100"},
                      Dynamics{"lj108", "in.md", "-var steps 1000 -var settle 100"}));

struct Tempering {
  std::string folder, options;
};

class KokkosTempering : public KokkosExamples, public ::testing::WithParamInterface<Tempering> {};

TEST_P(KokkosTempering, Runs) {
  const Tempering &example = GetParam();
  const auto run = tests::run_partitions(in(example.folder, "in.temper"), "2x1", 120,
                                         places(example.folder) + example.options +
                                             " -var steps 400 -var settle 100 " + on_kokkos);
  ASSERT_EQ(run.status, 0) << run.text();
  EXPECT_FALSE(run.partitions[1].thermo.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Examples, KokkosTempering,
    ::testing::Values(Tempering{"ka2d", "-var ladder \"0.6 0.4\" -var every 20"},
                      Tempering{"doublewell64", "-var energy " + potential("doublewell64.pt") +
                                                    " -var ladder \"1 5\" -var exchange \"model " +
                                                    potential("doublewell64_spline.pt") + "\""}));

} // namespace
