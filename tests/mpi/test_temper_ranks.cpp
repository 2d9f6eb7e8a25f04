// The decisions of fix nflow/temper between pure Monte Carlo replicas do not depend on how many
// ranks a partition has.

#include "mpi/discs.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;

struct Decisions {
  std::vector<tests::Exchange> log;
  std::vector<tests::LammpsRun> partitions;
};

Decisions decisions(const std::string &keywords, const std::string &layout) {
  const auto run =
      tests::run_partitions(tests::discs(tests::layout_size(layout).first, keywords), layout);
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
