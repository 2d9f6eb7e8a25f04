#include "base/error.h"
#include "estimators/mbar.h"
#include "support/oscillators.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::estimators;
using nflow::tests::Oscillator;
using nflow::tests::oscillator_delta_f;

namespace {

constexpr int dim = 10;

std::vector<std::vector<double>> energies_at(const std::vector<double> &temperatures,
                                             const std::vector<int> &counts, uint32_t seed) {
  std::vector<std::vector<double>> energies;
  for (size_t k = 0; k < temperatures.size(); k++) {
    Oscillator oscillator(dim, temperatures[k], 0.8, seed, static_cast<uint32_t>(k));
    energies.emplace_back();
    for (int t = 0; t < counts[k]; t++) {
      oscillator.step();
      energies.back().push_back(oscillator.energy());
    }
  }
  return energies;
}

std::vector<double> betas_of(std::vector<double> temperatures) {
  for (double &t : temperatures) t = 1.0 / t;
  return temperatures;
}

std::vector<double> pooled(const std::vector<std::vector<double>> &series, double factor = 1.0) {
  std::vector<double> all;
  for (const auto &s : series)
    for (const double value : s) all.push_back(factor * value);
  return all;
}

} // namespace

TEST(Mbar, OscillatorsAtFiveTemperatures) {
  const std::vector<double> temperatures = {0.4, 0.55, 0.75, 1.0, 1.4};
  for (const auto &counts :
       {std::vector<int>(5, 8000), std::vector<int>{8000, 3000, 9000, 5000, 70}}) {
    const auto energies = energies_at(temperatures, counts, 41);
    const Mbar mbar(samples_of_energies(energies, betas_of(temperatures)));
    EXPECT_EQ(mbar.free_energy(0).value, 0.0);
    for (int k = 1; k < 5; k++) {
      const auto f = mbar.free_energy(k);
      EXPECT_LT(std::abs(f.value - oscillator_delta_f(dim, 0.4, temperatures[k])), 4.0 * f.error);
      EXPECT_LT(f.error, 0.2);
    }
    // At the temperatures of the ladder and between them, mean and mean square of the energy.
    for (const double t : {0.4, 0.47, 0.9, 1.4}) {
      const auto target = pooled(energies, 1.0 / t);
      auto u = pooled(energies);
      EXPECT_LT(std::abs(mbar.expectation(u, target).z_score(0.5 * dim * t)), 4.0);
      EXPECT_LT(mbar.expectation(u, target).error, 0.1 * t);
      for (double &value : u) value *= value;
      const double square = 0.25 * dim * dim * t * t + 0.5 * dim * t * t;
      EXPECT_LT(std::abs(mbar.expectation(u, target).z_score(square)), 4.0);
    }
  }
}

TEST(Mbar, EqualsBarForTwoStates) {
  for (const auto &counts : {std::vector<int>{2000, 2000}, std::vector<int>{3000, 500}}) {
    const auto energies = energies_at({1.0, 0.6}, counts, 42);
    const double difference = 1.0 / 0.6 - 1.0;
    const auto by_bar = bar(pooled({energies[0]}, difference), pooled({energies[1]}, -difference));
    const Mbar mbar(samples_of_energies(energies, {1.0, 1.0 / 0.6}));
    EXPECT_NEAR(mbar.free_energy(1).value, by_bar.value, 1e-9);
    EXPECT_NEAR(mbar.free_energy(1).error, by_bar.error, 1e-9);
  }
}

TEST(Mbar, OneStateIsThePlainMean) {
  const auto energies = energies_at({1.0}, {3000}, 43);
  const Mbar mbar(samples_of_energies(energies, {1.0}));
  const auto plain = mean_with_error(energies[0]);
  const auto estimate = mbar.expectation(energies[0], energies[0]);
  EXPECT_NEAR(estimate.mean, plain.mean, 1e-10);
  EXPECT_NEAR(estimate.error, plain.error, 1e-10);
  EXPECT_NEAR(estimate.effective_samples, 3000.0, 1e-6);
}

TEST(Mbar, AWrongTemperatureIsCaught) {
  const std::vector<double> temperatures = {0.6, 0.8, 1.0};
  const auto energies = energies_at(temperatures, {4000, 4000, 4000}, 44);
  const Mbar mbar(samples_of_energies(energies, betas_of({1.0, 0.8, 0.6})));
  const auto f = mbar.free_energy(2);
  EXPECT_GT(std::abs(f.value - oscillator_delta_f(dim, 0.6, 1.0)), 20.0 * f.error);
}

TEST(Mbar, StatesWithoutOverlapHaveNoErrorBar) {
  MbarSamples samples;
  samples.counts = {3, 3};
  samples.u = {{1.0, 2.0, 1.5, 1e4, 1e4, 1e4}, {1e4, 1e4, 1e4, 1.0, 2.0, 1.5}};
  const Mbar mbar(samples);
  EXPECT_TRUE(std::isfinite(mbar.free_energy(1).value));
  EXPECT_TRUE(std::isnan(mbar.free_energy(1).error));
  const auto first = mbar.expectation({1.0, 2.0, 3.0, 9.0, 9.0, 9.0}, samples.u[0]);
  EXPECT_NEAR(first.mean, 2.0, 1e-10);
  EXPECT_TRUE(std::isnan(first.error));
}

TEST(Mbar, ImpossibleSamplesHaveWeightZero) {
  // State 1 is the half of state 0, as in the test of BAR: Delta f = ln 2.
  MbarSamples samples;
  samples.counts = {4000, 4000};
  samples.u = {std::vector<double>(8000, 0.0), std::vector<double>(8000, 0.0)};
  for (size_t n = 0; n < 2000; n++) samples.u[1][2 * n] = n % 2 ? HUGE_VAL : NAN;
  EXPECT_NEAR(Mbar(samples).free_energy(1).value, std::log(2.0), 1e-10);
  samples.u[0][3] = NAN;
  EXPECT_THROW(Mbar{samples}, nflow::Error);
}

TEST(Mbar, RefusesWhatDoesNotFit) {
  EXPECT_THROW(samples_of_energies({{1.0, 2.0}}, {1.0, 2.0}), nflow::Error);
  EXPECT_THROW(Mbar(samples_of_energies({{1.0, 2.0}, {1.0}}, {1.0, 2.0})), nflow::Error);
  EXPECT_THROW(Mbar(MbarSamples{}), nflow::Error);
  EXPECT_THROW(Mbar(MbarSamples{{2, 2}, {{1, 2, 3, 4}, {1, 2, 3}}}), nflow::Error);
  const Mbar mbar(samples_of_energies({{1.0, 2.0}, {1.0, 3.0}}, {1.0, 2.0}));
  EXPECT_THROW(mbar.expectation({1.0}, {1.0}), nflow::Error);
}
