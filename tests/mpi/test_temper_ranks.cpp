// The decisions of fix nflow/temper between pure Monte Carlo replicas do not depend on how many
// ranks a partition has.

#include "mcmc/random.h"
#include "mpi/partitions.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;

/// 40 soft discs in a periodic box, three of them moved by Monte Carlo and by the exchange, the
/// rest frozen: these, too, must go along.
std::string discs(int partitions, const std::string &keywords) {
  tests::write_toy_model("discs_mc.pt", tests::toy_metadata(3, 2, true), 3.0, 5.0);
  tests::write_toy_model("discs_pt.pt", tests::toy_metadata(3, 2, true), 1.0, 5.0);
  std::vector<double> temperatures;
  std::vector<int> seeds;
  for (int i = 0; i < partitions; i++) {
    temperatures.push_back(0.6 * std::pow(1.3, i));
    seeds.push_back(100 + i);
  }
  std::ostringstream script;
  script << tests::world_variable("t", temperatures) << tests::world_variable("s", seeds)
         << "units lj\ndimension 2\natom_modify map array\nregion r block 0 10 0 10 -0.5 0.5\n"
            "create_box 1 r\n";
  mcmc::RandomStream random(4711, 0, 0, mcmc::Purpose::sample);
  for (int i = 0; i < 40; i++) {
    const double x = 10.0 * random.uniform(), y = 10.0 * random.uniform();
    script << "create_atoms 1 single " << x << ' ' << y << " 0\n";
  }
  script << "mass 1 1.0\npair_style soft 1.5\npair_coeff * * 3.0\nneighbor 0.3 bin\n"
            "group flow id 5 17 33\nfix tether flow spring/self 0.2\nfix_modify tether energy yes\n"
            "velocity all create 1.0 ${s} mom no loop geom\n"
            "fix m flow nflow/mc 1 5 99 ${t} discs_mc.pt move independence move latent sigma 0.2\n"
            "fix pt flow nflow/temper 2 31 ${t} log discs.log "
         << keywords
         << "\ncompute k all ke\nthermo_style custom step pe c_k f_m[2] f_pt f_pt[4] f_pt[2] "
            "f_pt[5]\nthermo_modify norm no format float %20.13g\nthermo 20\nrun 120\n";
  return script.str();
}

struct Decisions {
  std::vector<tests::Exchange> log;
  std::vector<tests::LammpsRun> partitions;
};

Decisions decisions(const std::string &keywords, const std::string &layout) {
  const auto run = tests::run_partitions(discs(tests::layout_size(layout).first, keywords), layout);
  EXPECT_EQ(run.status, 0) << layout << '\n' << run.text();
  return {tests::exchange_log("discs.log"), run.partitions};
}

void expect_same(const Decisions &a, const Decisions &b, const std::string &what) {
  ASSERT_GT(a.log.size(), 20u) << what;
  ASSERT_EQ(a.log.size(), b.log.size()) << what;
  const auto near = [&](double one, double other) { // sums of energies round differently
    if (std::isfinite(one) || std::isfinite(other)) {
      ASSERT_NEAR(one, other, 1e-8 * (1.0 + std::fabs(one))) << what;
    }
  };
  int accepted = 0;
  for (size_t k = 0; k < a.log.size(); k++) {
    const auto &one = a.log[k], &other = b.log[k];
    ASSERT_EQ(one.step, other.step) << what;
    ASSERT_EQ(one.scan, other.scan) << what;
    ASSERT_EQ(one.i, other.i) << what;
    ASSERT_EQ(one.j, other.j) << what;
    ASSERT_EQ(one.accepted, other.accepted) << what << ", line " << k;
    ASSERT_EQ(one.replica_i, other.replica_i) << what;
    ASSERT_EQ(one.replica_j, other.replica_j) << what;
    near(one.work_ij, other.work_ij);
    near(one.work_ji, other.work_ji);
    accepted += one.accepted;
  }
  EXPECT_GT(accepted, 3) << what;
  for (size_t p = 0; p < a.partitions.size(); p++) {
    const auto &one = a.partitions[p].thermo, &other = b.partitions[p].thermo;
    ASSERT_EQ(one.size(), 7u);
    ASSERT_EQ(other.size(), 7u);
    for (size_t row = 0; row < 7; row++)
      for (size_t k = 0; k < one[row].size(); k++) near(one[row][k], other[row][k]);
  }
}

class Ranks : public ::testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Maps, Ranks,
                         ::testing::Values("", "model discs_pt.pt",
                                           "model discs_pt.pt auxiliary velocity",
                                           "partners any velocity redraw"));

TEST_P(Ranks, TakeIdenticalDecisions) {
  const std::string keywords = GetParam();
  const auto one = decisions(keywords, "2x1");
  if (keywords.find("velocity") == std::string::npos)
    expect_same(one, decisions(keywords, "2x2"), "2x2");
  expect_same(one, decisions(keywords, "1 2"), "1 2");
}

TEST(Ranks, FourAndEightPartitions) {
  expect_same(decisions("model discs_pt.pt", "4x1"), decisions("model discs_pt.pt", "4x2"), "4x2");
  expect_same(decisions("", "8x1"), decisions("", "1 1 1 2 1 1 1 1"), "8 and 9");
}

} // namespace
