#include "base/error.h"
#include "base/random.h"
#include "tempering/ladder.h"
#include "tempering/monotone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace nflow::tempering;

namespace {

/// Rejections proportional to |ln T_i/T_j|.
std::vector<double> by_ratio(const std::vector<double> &temperatures, double factor) {
  std::vector<double> rejections;
  for (size_t i = 0; i + 1 < temperatures.size(); i++)
    rejections.push_back(factor * std::abs(std::log(temperatures[i + 1] / temperatures[i])));
  return rejections;
}

/// Strictly monotone in the direction of its ends.
void expect_monotone(const std::vector<double> &ladder) {
  for (size_t i = 0; i + 1 < ladder.size(); i++)
    EXPECT_TRUE(ladder.front() < ladder.back() ? ladder[i] < ladder[i + 1]
                                               : ladder[i] > ladder[i + 1])
        << ladder[i] << " " << ladder[i + 1];
}

} // namespace

TEST(Ladder, BarrierIsTheSumOfRejections) {
  EXPECT_DOUBLE_EQ(global_barrier({0.5, 0.25, 0.0}), 0.75);
  EXPECT_EQ(cumulative_barrier({0.5, 0.25, 0.0}), (std::vector<double>{0.0, 0.5, 0.75, 0.75}));
  EXPECT_EQ(global_barrier({}), 0.0);
  EXPECT_THROW(global_barrier({1.5}), nflow::Error);
  EXPECT_THROW(global_barrier({NAN}), nflow::Error);
}

TEST(Ladder, RejectionsByRatioGiveAGeometricLadder) {
  for (std::vector<double> start : {std::vector<double>{0.3, 0.31, 0.5, 0.9, 1.0},
                                    std::vector<double>{1.0, 0.9, 0.5, 0.31, 0.3}})
    for (const int count : {2, 5, 9}) {
      const auto ladder = equal_rejection_ladder(start, by_ratio(start, 0.6), count);
      ASSERT_EQ(static_cast<int>(ladder.size()), count);
      for (int k = 0; k < count; k++)
        EXPECT_NEAR(ladder[k], start[0] * std::pow(start[4] / start[0], k / (count - 1.0)), 1e-12);
      EXPECT_EQ(ladder.front(), start.front());
      EXPECT_EQ(ladder.back(), start.back());
    }
}

TEST(Ladder, EqualisesAPeakedBarrier) {
  // d Lambda/d ln T of a gaussian peak, as at a phase transition: Lambda(ln T) = 2 erf.
  const auto barrier = [](double t) { return 2.0 * std::erf(3.0 * std::log(t)); };
  std::vector<double> ladder;
  for (int k = 0; k < 10; k++) ladder.push_back(std::exp(-1.0 + 2.0 * k / 9.0));
  for (int round = 0; round < 4; round++) { // as tuning does, with the rejections of each ladder
    std::vector<double> rejections;
    for (int k = 0; k < 9; k++)
      rejections.push_back(std::min(1.0, barrier(ladder[k + 1]) - barrier(ladder[k])));
    ladder = equal_rejection_ladder(ladder, rejections, 10);
  }
  for (int k = 0; k < 9; k++)
    EXPECT_NEAR(barrier(ladder[k + 1]) - barrier(ladder[k]), 4.0 / 9.0, 0.03);
}

TEST(Ladder, StaysMonotoneWhateverTheRejections) {
  nflow::RandomStream random(31, 0, 0, nflow::Purpose::sample);
  for (int repeat = 0; repeat < 2000; repeat++) {
    const int count = 2 + repeat % 9;
    std::vector<double> temperatures = {0.01 + random.uniform()}, rejections;
    for (int i = 1; i < count; i++) {
      temperatures.push_back(temperatures.back() * (1.0 + 1e-3 + std::pow(random.uniform(), 4)));
      const double kind = random.uniform();
      rejections.push_back(kind < 0.3 ? 0.0 : kind < 0.6 ? 1.0 : std::pow(random.uniform(), 8));
    }
    if (repeat % 2) std::reverse(temperatures.begin(), temperatures.end());
    const auto ladder = equal_rejection_ladder(temperatures, rejections, 2 + repeat % 13);
    expect_monotone(ladder);
    EXPECT_EQ(ladder.front(), temperatures.front());
    EXPECT_EQ(ladder.back(), temperatures.back());
  }
  expect_monotone(equal_rejection_ladder({1.0, 2.0, 3.0}, {0.0, 0.0}, 7));
  expect_monotone(equal_rejection_ladder({3.0, 2.0, 1.0}, {0.0, 1.0}, 7));
}

TEST(Ladder, RefusesWhatIsNone) {
  EXPECT_THROW(equal_rejection_ladder({1.0}, {}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({1.0, 2.0, 2.0}, {0.1, 0.1}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({1.0, 2.0, 1.5}, {0.1, 0.1}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({0.0, 2.0}, {0.1}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({1.0, 2.0}, {0.1, 0.2}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({1.0, 2.0}, {-0.1}, 3), nflow::Error);
  EXPECT_THROW(equal_rejection_ladder({1.0, 2.0}, {0.1}, 1), nflow::Error);
}

TEST(Ladder, InterpolantGoesThroughItsKnotsAndBack) {
  const MonotoneCubic cubic({0.0, 1.0, 1.5, 4.0}, {0.0, 0.1, 3.0, 3.1});
  EXPECT_DOUBLE_EQ(cubic.value(1.0), 0.1);
  EXPECT_DOUBLE_EQ(cubic.value(1.5), 3.0);
  double last = -1.0;
  for (int k = 0; k <= 400; k++) {
    const double y = cubic.value(0.01 * k);
    EXPECT_GT(y, last);
    EXPECT_NEAR(cubic.inverse(y), 0.01 * k, 1e-9);
    last = y;
  }
}

TEST(Ladder, ReplicasAndRoundTrips) {
  EXPECT_EQ(suggested_replicas(0.0), 2);
  EXPECT_EQ(suggested_replicas(2.5), 6);
  EXPECT_EQ(suggested_replicas(2.6), 7);
  EXPECT_DOUBLE_EQ(deo_round_trip_rate({}), 0.5);
  EXPECT_DOUBLE_EQ(deo_round_trip_rate({0.5, 0.5}), 1.0 / 6.0);
  EXPECT_EQ(deo_round_trip_rate({0.5, 1.0}), 0.0);
}
