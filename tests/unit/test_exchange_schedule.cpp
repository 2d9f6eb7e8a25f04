// Schedules of exchange, and the statistics of a pair with its restart state.

#include "base/random.h"
#include "tempering/pair_statistics.h"
#include "tempering/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace {

using namespace nflow::tempering;

TEST(Schedule, DeoAlternatesEvenAndOddPairs) {
  using Pairs = std::vector<std::pair<int, int>>;
  EXPECT_EQ(pairs_of_scan(Scheme::deo, 5, 0, 1), (Pairs{{0, 1}, {2, 3}}));
  EXPECT_EQ(pairs_of_scan(Scheme::deo, 5, 1, 1), (Pairs{{1, 2}, {3, 4}}));
  EXPECT_EQ(pairs_of_scan(Scheme::deo, 2, 0, 1), (Pairs{{0, 1}}));
  EXPECT_EQ(pairs_of_scan(Scheme::deo, 2, 1, 1), Pairs{});
}

TEST(Schedule, PairsAreDisjointPossibleAndEquallyFrequent) {
  for (const auto scheme : {Scheme::deo, Scheme::seo, Scheme::random, Scheme::any})
    for (const int count : {2, 3, 6}) {
      const auto possible = possible_pairs(scheme, count);
      std::map<std::pair<int, int>, int> seen;
      const int scans = 20000;
      int all = 0;
      for (int scan = 0; scan < scans; scan++) {
        std::set<int> used;
        for (const auto &pair : pairs_of_scan(scheme, count, scan, 42)) {
          EXPECT_LT(pair.first, pair.second);
          EXPECT_TRUE(used.insert(pair.first).second && used.insert(pair.second).second);
          ASSERT_EQ(possible.at(index_of_pair(scheme, count, pair.first, pair.second)), pair);
          seen[pair]++;
          all++;
        }
      }
      ASSERT_EQ(seen.size(), possible.size());
      const double expected = static_cast<double>(all) / possible.size();
      for (const auto &item : seen) EXPECT_NEAR(item.second, expected, 5.0 * std::sqrt(expected));
    }
}

TEST(Schedule, DependsOnTheKey) {
  int different = 0;
  for (int scan = 0; scan < 100; scan++)
    different += pairs_of_scan(Scheme::any, 6, scan, 1) != pairs_of_scan(Scheme::any, 6, scan, 2);
  EXPECT_GT(different, 50);
}

/// Gaussian works that obey Crooks' relation for a free energy difference of 1.
void add_some(PairStatistics &pair, int first, int count) {
  for (int i = first; i < first + count; i++) {
    nflow::RandomStream random(5, 0, i, nflow::Purpose::sample);
    const double w = 1.0 + 0.5 + random.gaussian(), r = -1.0 + 0.5 + random.gaussian();
    pair.add(w, r, random.uniform() < std::exp(-w - r));
  }
}

TEST(PairStatistics, CountsAndEstimates) {
  PairStatistics pair;
  EXPECT_EQ(pair.mean_acceptance(), 0.0);
  EXPECT_EQ(pair.mean_rejection(), 0.0);
  EXPECT_TRUE(std::isnan(pair.free_energy().value));
  // More than are kept: what is dropped must not bias the rest.
  add_some(pair, 0, 50000);
  pair.add(INFINITY, 0.0, false);
  pair.add(0.0, NAN, false);
  EXPECT_EQ(pair.attempts(), 50002u);
  EXPECT_EQ(pair.not_finite(), 2u);
  // w + r is gaussian with mean 1 and variance 2.
  EXPECT_NEAR(pair.mean_acceptance(), std::erfc(0.5), 0.01);
  EXPECT_NEAR(pair.accepts() / 50002.0, pair.mean_acceptance(), 0.01);
  const auto estimate = pair.free_energy();
  EXPECT_LT(std::fabs(estimate.value - 1.0), 4.0 * estimate.error);
  EXPECT_GT(estimate.error, 1e-3);
  EXPECT_LT(estimate.error, 2e-2);
  EXPECT_NEAR(pair.ess_ij(), std::exp(-1.0), 0.05);
}

TEST(PairStatistics, GoesOnFromItsState) {
  PairStatistics whole, first, second;
  add_some(whole, 0, 40000);
  add_some(first, 0, 17001);
  std::vector<double> numbers{7.0};
  first.append_state(numbers);
  const double *at = &numbers[1];
  second.set_state(at);
  EXPECT_EQ(at, numbers.data() + numbers.size());
  add_some(second, 17001, 22999);
  EXPECT_EQ(second.attempts(), whole.attempts());
  EXPECT_EQ(second.accepts(), whole.accepts());
  EXPECT_EQ(second.mean_acceptance(), whole.mean_acceptance());
  EXPECT_EQ(second.free_energy().value, whole.free_energy().value);
  EXPECT_EQ(second.free_energy().error, whole.free_energy().error);
  EXPECT_EQ(second.ess_ji(), whole.ess_ji());
}

} // namespace
