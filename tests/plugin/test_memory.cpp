// Whether a long run of fix nflow/mc holds on to memory: the resident set of LAMMPS after many
// attempts is what it was after some, on the host and with Kokkos.

#include "plugin/soft_discs.h"
#include "support/kokkos.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace nflow;
using tests::SoftDiscs;

// 100 attempts a step. The smallest piece of memory that malloc() gives is 32 bytes, so that one
// piece lost in each of 100,000 attempts would be 3200 kB.
constexpr int first_steps = 200, steps = 1000;
constexpr long tolerance = 1000; // kB

/// kB of the resident set, each time that the script has asked for them.
std::vector<long> resident(const std::string &output) {
  std::vector<long> sizes;
  std::istringstream lines(output);
  // Somewhere in a line of LAMMPS's, which has a buffer.
  for (std::string word; lines >> word;) {
    long size = 0;
    if (word.size() >= 6 && word.substr(word.size() - 6) == "VmRSS:" && lines >> size)
      sizes.push_back(size);
  }
  return sizes;
}

void expect_flat(const std::string &system, const std::string &options) {
  // LAMMPS is the parent of the shell that it starts.
  const std::string ask = "shell 'grep VmRSS /proc/$PPID/status'\n";
  const auto run = tests::run_lammps(system + "thermo 1000000\nrun " + std::to_string(first_steps) +
                                         "\n" + ask + "run " + std::to_string(steps) + "\n" + ask,
                                     1, options);
  ASSERT_EQ(run.status, 0) << run.output;
  const auto sizes = resident(run.output);
  ASSERT_EQ(sizes.size(), 2u) << run.output;
  EXPECT_GT(sizes[0], 10 * tolerance); // it is the size of LAMMPS
  EXPECT_LT(sizes[1] - sizes[0], tolerance) << sizes[0] << " kB, then " << sizes[1] << " kB";
  std::printf("resident: %ld kB, then %ld kB\n", sizes[0], sizes[1]);
}

class Memory : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!GetParam().empty() && !tests::lammps_has_kokkos())
      GTEST_SKIP() << "this LAMMPS has no KOKKOS package";
  }
};

TEST_P(Memory, OfALiquid) {
  tests::write_toy_liquid("liquid.pt", SoftDiscs::metadata(), SoftDiscs::flow(true));
  SoftDiscs::write_dump("hot.dump", SoftDiscs::hot, 500);
  expect_flat(SoftDiscs::script(
                  "fix m all nflow/mc 1 100 1234 0.8 liquid.pt move mapped reservoir hot.dump move "
                  "excursion steps 3 timestep 0.15 move excursion steps 3 timestep 0.15 local 2\n",
                  "f_m f_m[2] "),
              GetParam());
}

TEST_P(Memory, OfAnOpenSystem) {
  tests::write_harmonic_energy("harmonic.pt", 3, 3, 1.5);
  tests::write_toy_model("flow.pt", tests::toy_metadata(3, 3, true), 0.9, 0.05);
  expect_flat("units lj\natom_modify map array\nboundary f f f\nregion r block -9 9 -9 9 -9 9\n"
              "create_box 1 r\ncreate_atoms 1 single 0.1 0.2 0.3\ncreate_atoms 1 single 1.1 -0.2 "
              "0.3\ncreate_atoms 1 single -0.4 0.2 1.3\nmass 1 1.0\npair_style soft 1.5\n"
              "pair_coeff * * 2.0\ncomm_modify cutoff 3\nfix e all nflow/energy harmonic.pt\n"
              "fix_modify e energy yes\nfix m all nflow/mc 1 100 99 1.0 flow.pt move independence "
              "move multitry 4 move latent sigma 0.4 move pcn 0.5 batch 9\n",
              GetParam());
}

INSTANTIATE_TEST_SUITE_P(Platforms, Memory, ::testing::Values("", tests::on_kokkos));

} // namespace
