#include "base/random.h"
#include "estimators/importance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace nflow::estimators;
using nflow::Purpose;
using nflow::RandomStream;

namespace {

std::vector<double> gaussian_numbers(int count, double mean, double sigma, uint64_t which) {
  RandomStream random(11, 0, which, Purpose::sample);
  std::vector<double> values;
  for (int i = 0; i < count; i++) values.push_back(mean + sigma * random.gaussian());
  return values;
}

} // namespace

TEST(Ess, KnownCases) {
  EXPECT_DOUBLE_EQ(ess_fraction({5.0, 5.0, 5.0}), 1.0);
  EXPECT_DOUBLE_EQ(ess_fraction({0.0, -INFINITY, -INFINITY, -INFINITY}), 0.25);
  EXPECT_DOUBLE_EQ(ess_fraction({0.0, NAN}), 0.5);
  EXPECT_DOUBLE_EQ(ess_fraction({}), 0.0);
  EXPECT_DOUBLE_EQ(ess_fraction({-INFINITY, NAN}), 0.0);
  // Weights 1, 2, 3: 36 / (3 * 14).
  EXPECT_NEAR(ess_fraction({std::log(1.0), std::log(2.0), std::log(3.0)}), 36.0 / 42.0, 1e-14);
}

TEST(Ess, LogNormalWeights) {
  // ln w ~ N(m, s^2): ESS = exp(-s^2).
  EXPECT_NEAR(ess_fraction(gaussian_numbers(200000, 3.0, 0.7, 0)), std::exp(-0.49), 0.02);
}

TEST(Ess, DoesNotOverflow) {
  EXPECT_NEAR(ess_fraction({4000.0, 4000.0 + std::log(2.0)}), 9.0 / 10.0, 1e-12);
  EXPECT_NEAR(ess_fraction({-4000.0, -4000.0 + std::log(2.0)}), 9.0 / 10.0, 1e-12);
  EXPECT_NEAR(ess_fraction({-4000.0, 4000.0}), 0.5, 1e-12);
}

TEST(RunningEss, OrderMergeAndStateChangeNothing) {
  auto weights = gaussian_numbers(5000, -300.0, 2.0, 1);
  weights[17] = NAN;
  RunningEss straight, reversed, first, second;
  for (const double w : weights) straight.add(w);
  std::reverse(weights.begin(), weights.end());
  for (const double w : weights) reversed.add(w);
  for (size_t i = 0; i < weights.size(); i++) (i < 2000 ? first : second).add(weights[i]);
  EXPECT_NEAR(straight.fraction(), reversed.fraction(), 1e-12);
  RunningEss restored;
  restored.set_state(first.state());
  EXPECT_EQ(restored.fraction(), first.fraction());
  EXPECT_EQ(restored.count(), 2000);
  restored.merge(second);
  EXPECT_NEAR(restored.fraction(), straight.fraction(), 1e-12);
  EXPECT_EQ(restored.count(), 5000);
  RunningEss empty;
  empty.merge(straight);
  EXPECT_NEAR(empty.fraction(), straight.fraction(), 1e-12);
}

TEST(IndependenceAcceptance, EqualsSumOverPairs) {
  const auto current = gaussian_numbers(300, 1.0, 1.0, 2),
             proposed = gaussian_numbers(250, 0.0, 1.0, 3);
  double sum = 0.0;
  for (const double w : current)
    for (const double v : proposed) sum += std::min(1.0, std::exp(v - w));
  EXPECT_NEAR(independence_acceptance(current, proposed), sum / (300.0 * 250.0), 1e-12);
  double minima = 0.0, total = 0.0;
  for (size_t i = 0; i < proposed.size(); i++) {
    total += std::exp(proposed[i]);
    for (size_t j = 0; j < proposed.size(); j++)
      if (i != j) minima += std::exp(std::min(proposed[i], proposed[j]));
  }
  EXPECT_NEAR(independence_acceptance(proposed), minima / (249.0 * total), 1e-12);
}

TEST(IndependenceAcceptance, OneWildWeightLeavesTheOthersAsTheyAre) {
  auto current = gaussian_numbers(50, 3.0, 1.0, 2);
  const auto proposed = gaussian_numbers(40, 0.0, 1.0, 3);
  const double alone = independence_acceptance(current, proposed);
  EXPECT_LT(alone, 0.5);
  current.push_back(2000.0); // next to which exp(3) is nothing
  EXPECT_NEAR(independence_acceptance(current, proposed), alone * 50.0 / 51.0, 1e-12);
}

TEST(IndependenceAcceptance, KnownCases) {
  EXPECT_DOUBLE_EQ(independence_acceptance({7.0, 7.0, 7.0}), 1.0);
  EXPECT_DOUBLE_EQ(independence_acceptance({7.0}, {7.0}), 1.0);
  EXPECT_DOUBLE_EQ(independence_acceptance({0.0}, {-INFINITY}), 0.0);
  // ln w ~ N(m, s^2) under the proposal is N(m + s^2, s^2) under the target; the acceptance is
  // erfc(s / 2) either way.
  const double s = 0.8;
  const auto of_proposal = gaussian_numbers(200000, 0.0, s, 4);
  const auto of_target = gaussian_numbers(200000, s * s, s, 5);
  EXPECT_NEAR(independence_acceptance(of_proposal), std::erfc(s / 2.0), 0.005);
  EXPECT_NEAR(independence_acceptance(of_target, of_proposal), std::erfc(s / 2.0), 0.005);
}
