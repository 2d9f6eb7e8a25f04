#include "base/error.h"
#include "base/random.h"
#include "estimators/autocorrelation.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::estimators;
using nflow::Purpose;
using nflow::RandomStream;

namespace {

/// x_{t+1} = phi x_t + sqrt(1 - phi^2) xi: variance 1 and 1 + 2 sum rho = (1 + phi)/(1 - phi).
std::vector<double> autoregressive(double phi, int count, uint32_t seed) {
  RandomStream random(seed, 0, 0, Purpose::sample);
  std::vector<double> series;
  double x = random.gaussian();
  for (int t = 0; t < count; t++) {
    series.push_back(x);
    x = phi * x + std::sqrt(1.0 - phi * phi) * random.gaussian();
  }
  return series;
}

} // namespace

TEST(Autocorrelation, KnownTimeOfAutoregressiveSeries) {
  for (const double phi : {0.0, 0.5, 0.9, 0.98}) {
    const double exact = (1.0 + phi) / (1.0 - phi);
    const double tau = integrated_autocorrelation_time(autoregressive(phi, 200000, 3));
    // Relative standard error of tau: sqrt(2 (2 M + 1) / N) with the window M = 5 tau; four of
    // them.
    const double tolerance = 4.0 * std::sqrt(2.0 * (10.0 * exact + 1.0) / 200000.0);
    EXPECT_NEAR(tau / exact, 1.0, tolerance) << "phi = " << phi;
  }
}

TEST(Autocorrelation, AnticorrelatedSeriesIsBetterThanIndependent) {
  const double tau = integrated_autocorrelation_time(autoregressive(-0.5, 100000, 4));
  // The automatic window stops at its first lags here, where 1 + 2 rho_1 + 2 rho_2 + .. alternates.
  EXPECT_LT(tau, 0.8);
  EXPECT_GT(tau, 0.0);
}

TEST(Autocorrelation, ErrorBarsAreCalibrated) {
  // Over many series the z-scores of the mean (exactly 0) and of the variance (exactly 1) have unit
  // width; 400 of them determine it to 3.5 %.
  double mean_squares = 0.0, variance_squares = 0.0;
  constexpr int repeats = 400;
  for (int r = 0; r < repeats; r++) {
    const auto series = autoregressive(0.8, 4000, 100 + r);
    mean_squares += std::pow(mean_with_error(series).z_score(0.0), 2);
    variance_squares += std::pow(variance_with_error(series).z_score(1.0), 2);
  }
  EXPECT_NEAR(std::sqrt(mean_squares / repeats), 1.0, 0.15);
  EXPECT_NEAR(std::sqrt(variance_squares / repeats), 1.0, 0.15);
}

TEST(Autocorrelation, BlockErrorAgrees) {
  const auto series = autoregressive(0.8, 100000, 5);
  const double error = mean_with_error(series).error;
  EXPECT_NEAR(block_error(series, 100) / error, 1.0, 0.3);
  EXPECT_NEAR(error, std::sqrt(9.0 / 100000.0), 0.1 * error);
  EXPECT_THROW(block_error(series, 1), nflow::Error);
  EXPECT_THROW(block_error({1.0, 2.0}, 3), nflow::Error);
}

TEST(Autocorrelation, DegenerateSeries) {
  EXPECT_EQ(integrated_autocorrelation_time({}), 1.0);
  EXPECT_EQ(integrated_autocorrelation_time({2.0}), 1.0);
  const Estimate constant = mean_with_error(std::vector<double>(50, 3.0));
  EXPECT_EQ(constant.mean, 3.0);
  EXPECT_EQ(constant.error, 0.0);
  EXPECT_EQ(constant.z_score(3.0), 0.0);
  EXPECT_TRUE(std::isinf(constant.z_score(2.0)));
}

TEST(Autocorrelation, ManySamplesCostBlocks) {
  // Blocks of 25 samples: shorter and longer than what the series remembers.
  for (const double phi : {0.0, 0.5, 0.98, 0.999}) {
    const auto series = autoregressive(phi, 100000, 11);
    const auto whole = mean_with_error(series), blocks = mean_of_many(series);
    EXPECT_NEAR(blocks.mean, whole.mean, 1e-12);
    EXPECT_NEAR(blocks.error / whole.error, 1.0, 0.15) << phi;
    EXPECT_NEAR(blocks.tau / whole.tau, 1.0, 0.3) << phi;
  }
  const auto few = autoregressive(0.5, 4096, 12);
  EXPECT_EQ(mean_of_many(few).error, mean_with_error(few).error);
  EXPECT_EQ(mean_of_many(std::vector<double>(10000, 3.0)).error, 0.0);
}
