#include "estimators/free_energy.h"
#include "support/oscillators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace nflow::estimators;
using nflow::tests::gaussian_works;
using nflow::tests::oscillator_delta_f;
using nflow::tests::oscillator_works;

namespace {

double z_score(const FreeEnergy &estimate, double exact) {
  return (estimate.value - exact) / estimate.error;
}

std::vector<double> negative(std::vector<double> works) {
  for (double &w : works) w = -w;
  return works;
}

} // namespace

TEST(FreeEnergy, GaussianWorksGiveTheExactDifference) {
  for (const double delta_f : {-40.0, 0.0, 3.315}) {
    const auto works = gaussian_works(delta_f, 1.5, 20000, 20000, 11);
    EXPECT_LT(std::abs(z_score(bar(works.forward, works.backward), delta_f)), 4.0);
    EXPECT_LT(std::abs(z_score(exp_estimate(works.forward), delta_f)), 4.0);
    EXPECT_LT(std::abs(z_score(exp_estimate(works.backward), -delta_f)), 4.0);
  }
}

TEST(FreeEnergy, UnequalNumbersOfWorks) {
  const auto works = gaussian_works(2.0, 1.5, 30000, 3000, 12);
  const auto estimate = bar(works.forward, works.backward);
  EXPECT_LT(std::abs(z_score(estimate, 2.0)), 4.0);
  EXPECT_LT(estimate.error, 0.04);
}

TEST(FreeEnergy, OscillatorsAtTwoTemperatures) {
  const double exact = oscillator_delta_f(6, 1.0, 0.5);
  const auto works = oscillator_works(6, 1.0, 0.5, 0.8, 50000, 13);
  const auto estimate = bar(works.forward, works.backward);
  EXPECT_LT(std::abs(z_score(estimate, exact)), 4.0);
  EXPECT_LT(estimate.error, 0.03);
  // From hot to cold the exponential average is reliable, for the cold distribution lies inside.
  EXPECT_LT(std::abs(z_score(exp_estimate(works.forward), exact)), 4.0);
}

TEST(FreeEnergy, TheOtherDirectionHasTheOtherSign) {
  const auto works = oscillator_works(6, 1.0, 0.5, 0.8, 2000, 14);
  const auto there = bar(works.forward, works.backward), back = bar(works.backward, works.forward);
  EXPECT_NEAR(there.value, -back.value, 1e-10);
  EXPECT_NEAR(there.error, back.error, 1e-10);
}

TEST(FreeEnergy, AFlippedSignIsCaught) {
  const double exact = oscillator_delta_f(6, 1.0, 0.5);
  const auto works = oscillator_works(6, 1.0, 0.5, 0.8, 5000, 15);
  EXPECT_LT(std::abs(z_score(bar(works.forward, works.backward), exact)), 4.0);
  EXPECT_GT(std::abs(z_score(bar(works.forward, negative(works.backward)), exact)), 20.0);
  EXPECT_GT(std::abs(z_score(bar(negative(works.forward), works.backward), exact)), 20.0);
  EXPECT_GT(std::abs(z_score(exp_estimate(negative(works.forward)), exact)), 10.0);
}

TEST(FreeEnergy, RejectedConfigurationsHaveInfiniteWork) {
  // State 0 is twice as large as state 1, whose half of it has the same energy: half of the forward
  // works are overlaps and Delta f = ln 2, with the sqrt(1/n) error of a coin.
  std::vector<double> forward, backward(10000, 0.0);
  nflow::RandomStream random(16, 0, 0, nflow::Purpose::sample);
  for (int k = 0; k < 10000; k++)
    forward.push_back(random.uniform() < 0.5 ? 0.0 : (k % 2 ? HUGE_VAL : NAN));
  const auto estimate = bar(forward, backward);
  EXPECT_LT(std::abs(z_score(estimate, std::log(2.0))), 4.0);
  // f_F is 2/3 or 0, f_R 1/3: the deviation of the sum is sqrt(n)/3, the slope 2/9 (n/2 + n).
  EXPECT_NEAR(estimate.error, 1.0 / 100.0, 1e-3);
  EXPECT_LT(std::abs(z_score(exp_estimate(forward), std::log(2.0))), 4.0);
}

TEST(FreeEnergy, TooFewDataAreNotANumber) {
  const std::vector<double> one = {1.0}, two = {1.0, 2.0}, rejected = {HUGE_VAL, NAN, HUGE_VAL};
  for (const auto &few : {std::vector<double>(), one, rejected}) {
    EXPECT_TRUE(std::isnan(exp_estimate(few).value));
    EXPECT_TRUE(std::isnan(exp_estimate(few).error));
    EXPECT_TRUE(std::isnan(bar(few, two).value));
    EXPECT_TRUE(std::isnan(bar(two, few).error));
  }
  EXPECT_TRUE(std::isfinite(bar(two, two).value));
}

TEST(FreeEnergy, TheSolverCannotFail) {
  // No overlap of the directions at all, numbers of any size, and a perfect flow.
  EXPECT_TRUE(std::isnan(bar({1e6, 1e6 + 1}, {1e6, 1e6 + 1}).value));
  EXPECT_NEAR(bar({300.0, 301.0}, {300.0, 301.0}).value, 0.0, 1e-6);
  EXPECT_NEAR(bar({1e6, 1e6}, {-1e6, -1e6}).value, 1e6, 1e-6);
  EXPECT_EQ(bar({1e6, 1e6}, {-1e6, -1e6}).error, 0.0);
  EXPECT_TRUE(std::isnan(bar({1e90, -1e90}, {3.0, 1e80}).value));
  EXPECT_NEAR(bar({-3e4, HUGE_VAL}, {3e4, 3e4, 3e4}).value, -3e4, 20.0);
  EXPECT_NEAR(exp_estimate({-1e5, -1e5}).value, -1e5, 1e-6);
}
