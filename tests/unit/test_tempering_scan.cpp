// Scans of 2 to 8 replicas without LAMMPS: decisions are those of the exchange rule with the random
// numbers of the pair, acceptances and round trips those of theory (|z| < 4, fixed seeds), energies
// after exchanges those of the temperatures, which a broken rule does not leave so.

#include "unit/tempering_case.h"

#include "estimators/autocorrelation.h"
#include "tempering/ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace {

using namespace nflow;
using namespace nflow::tempering;
using tests::begun;
using tests::HarmonicReplicas;

constexpr Scheme schemes[] = {Scheme::deo, Scheme::seo, Scheme::random, Scheme::any};
constexpr uint32_t key = 4711;

TEST(TemperingScan, DecidesByTheRuleAndTheNumbersOfThePair) {
  for (const auto scheme : schemes)
    for (int count = 2; count <= 8; count++) {
      auto tempering = begun(tests::geometric(count, 1.4), {scheme, 0, key});
      std::vector<int> replicas(count);
      std::iota(replicas.begin(), replicas.end(), 0);
      for (int64_t scan = 0; scan < 200; scan++) {
        const auto works = HarmonicReplicas::works(tempering);
        const auto pairs = pairs_of_scan(scheme, count, scan, key);
        const auto attempts = tempering.decide(7 * scan, works);
        ASSERT_EQ(attempts.size(), pairs.size());
        for (size_t k = 0; k < pairs.size(); k++) {
          const auto &a = attempts[k];
          const auto [i, j] = pairs[k];
          const auto pair = static_cast<uint32_t>(index_of_pair(scheme, count, i, j));
          const double uniform = RandomStream(key, pair, scan, Purpose::exchange).uniform();
          EXPECT_EQ(a.accepted, uniform < std::exp(-works[k].ij - works[k].ji));
          EXPECT_EQ(a.step, 7 * scan);
          EXPECT_EQ(a.scan, scan);
          EXPECT_EQ(std::make_pair(a.i, a.j), pairs[k]);
          EXPECT_EQ(a.work_ij, works[k].ij);
          EXPECT_EQ(a.work_ji, works[k].ji);
          EXPECT_EQ(a.replica_i, replicas[i]);
          EXPECT_EQ(a.replica_j, replicas[j]);
          if (a.accepted) std::swap(replicas[i], replicas[j]);
        }
        for (int i = 0; i < count; i++) ASSERT_EQ(tempering.replicas().replica_at(i), replicas[i]);
      }
      EXPECT_EQ(tempering.scans(), 200u);
      EXPECT_EQ(tempering.sampled_scans(), 200u);
    }
}

TEST(TemperingScan, AcceptsAsOftenAsTheoryDoes) {
  for (const auto scheme : schemes) {
    const auto temperatures = tests::geometric(4, 1.7);
    auto tempering = begun(temperatures, {scheme, 0, key});
    tests::run(tempering, 20000);
    const auto pairs = possible_pairs(scheme, 4);
    double sum = 0.0, attempts = 0.0;
    for (size_t k = 0; k < pairs.size(); k++) {
      const auto &pair = tempering.statistics()[k];
      const auto n = static_cast<double>(pair.attempts());
      const double exact =
          HarmonicReplicas::acceptance(temperatures[pairs[k].first], temperatures[pairs[k].second]);
      const double error = std::sqrt(exact * (1.0 - exact) / n);
      ASSERT_GT(n, 1000.0);
      EXPECT_LT(std::fabs(static_cast<double>(pair.accepts()) / n - exact), 4.0 * error) << k;
      // The mean acceptance scatters less than the decisions do.
      EXPECT_LT(std::fabs(pair.mean_acceptance() - exact), 4.0 * error) << k;
      // Z is in proportion to T^3.
      const auto [i, j] = pairs[k];
      const auto f = pair.free_energy();
      EXPECT_LT(std::fabs(f.value + 3.0 * std::log(temperatures[j] / temperatures[i])),
                4.0 * f.error);
      sum += static_cast<double>(pair.accepts());
      attempts += n;
    }
    EXPECT_DOUBLE_EQ(tempering.acceptance(), sum / attempts);
    EXPECT_EQ(tempering.not_finite(), 0u);
    EXPECT_DOUBLE_EQ(tempering.barrier(), global_barrier(tempering.rejections()));
  }
}

/// The largest |z| of the mean energies at the temperatures after a scan from exact ones.
double largest_z(Scheme scheme, ExchangeRule rule) {
  const int count = 5, scans = 20000;
  const auto temperatures = tests::geometric(count, 2.0);
  auto tempering = begun(temperatures, {scheme, 0, key, rule});
  std::vector<std::vector<double>> after(count);
  for (int scan = 0; scan < scans; scan++) {
    auto energies = HarmonicReplicas::energies(tempering);
    for (const auto &a : tempering.decide(scan, HarmonicReplicas::works(tempering)))
      if (a.accepted) std::swap(energies[a.i], energies[a.j]);
    for (int i = 0; i < count; i++) after[i].push_back(energies[i]);
  }
  double largest = 0.0;
  for (int i = 0; i < count; i++) {
    const auto mean = estimators::mean_with_error(after[i]);
    largest =
        std::max(largest, std::fabs(mean.z_score(HarmonicReplicas::mean_energy(temperatures[i]))));
  }
  return largest;
}

TEST(TemperingScan, LeavesEnergiesThoseOfTheTemperatures) {
  for (const auto scheme : schemes) EXPECT_LT(largest_z(scheme, log_acceptance_exchange), 4.0);
}

// Of work_ji alone, which is positive here, nothing could be seen: p_i(x) p_j(y) exp(-work_ji(y))
// is p_i(x) p_i(y) but for a factor, so that such a rule is exact, though it seldom accepts.
TEST(TemperingScan, ABrokenRuleIsCaught) {
  const ExchangeRule broken[] = {
      [](double ij, double ji) { return ij + ji; },          [](double ij, double) { return -ij; },
      [](double ij, double ji) { return -ij + ji; },         [](double, double) { return 0.0; },
      [](double ij, double ji) { return 0.5 * (-ij - ji); },
  };
  for (const auto scheme : schemes)
    for (const auto rule : broken) EXPECT_GT(largest_z(scheme, rule), 8.0);
}

TEST(TemperingScan, WorksThatAreNoNumbersAreRejectedAndCounted) {
  const Works bad[] = {{NAN, 0.0},       {0.0, NAN},       {INFINITY, 0.0},       {0.0, INFINITY},
                       {-INFINITY, 0.0}, {0.0, -INFINITY}, {INFINITY, -INFINITY}, {NAN, NAN}};
  auto tempering = begun({1.0, 2.0, 3.0}, {Scheme::deo, 0, key});
  uint64_t count = 0;
  for (const auto &works : bad) {
    tempering.decide(0, {{-1.0, -1.0}}); // pair (0, 1), accepted
    const auto attempts = tempering.decide(0, {works});
    ASSERT_EQ(attempts.size(), 1u);
    EXPECT_FALSE(attempts[0].accepted);
    EXPECT_EQ(tempering.replicas().replica_at(2), 2);
    EXPECT_EQ(tempering.not_finite(), ++count);
  }
  EXPECT_EQ(tempering.statistics()[0].accepts(), 8u);
  EXPECT_EQ(tempering.statistics()[1].attempts(), 8u);
  EXPECT_EQ(tempering.statistics()[1].accepts(), 0u);
  EXPECT_EQ(tempering.acceptance(), 0.5);
  EXPECT_EQ(tempering.rejections(), (std::vector<double>{0.0, 1.0}));
}

TEST(TemperingScan, ReplicasGoAroundWithoutRejections) {
  const ExchangeRule always = [](double, double) { return 0.0; };
  for (int count = 2; count <= 8; count++) {
    auto tempering = begun(tests::geometric(count, 1.3), {Scheme::deo, 0, key, always});
    const int rounds = 10;
    tests::run(tempering, 2 * count * rounds);
    // Each replica is back after 2 R scans; what was not at the hot end at first is there once
    // before its first round trip.
    EXPECT_LE(tempering.replicas().round_trips(), count * rounds);
    EXPECT_GE(tempering.replicas().round_trips(), count * (rounds - 1));
  }
}

TEST(TemperingScan, RoundTripsAreAsFrequentAsTheoryHasThem) {
  for (const int count : {2, 3, 5}) {
    const auto temperatures = tests::geometric(count, 2.0);
    std::vector<double> rejections;
    for (int i = 0; i + 1 < count; i++)
      rejections.push_back(1.0 -
                           HarmonicReplicas::acceptance(temperatures[i], temperatures[i + 1]));
    auto tempering = begun(temperatures, {Scheme::deo, 0, key});
    const int blocks = 40, scans = 1000;
    std::vector<double> trips;
    for (int b = 0; b < blocks; b++) {
      const auto before = static_cast<double>(tempering.replicas().round_trips());
      tests::run(tempering, scans);
      trips.push_back(static_cast<double>(tempering.replicas().round_trips()) - before);
    }
    const double mean = std::accumulate(trips.begin(), trips.end(), 0.0) / blocks;
    const double error = estimators::block_error(trips, blocks);
    EXPECT_LT(error, 0.05 * mean);
    EXPECT_LT(std::fabs(mean - scans * deo_round_trip_rate(rejections)), 4.0 * error) << count;
  }
}

} // namespace
