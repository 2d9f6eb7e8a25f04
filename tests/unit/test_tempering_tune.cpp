// Tuning of a ladder: after M/8, M/4, M/2 and M scans, to equal rejections.

#include "unit/tempering_case.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace nflow;
using namespace nflow::tempering;
using tests::begun;
using tests::HarmonicReplicas;

/// The largest difference between exact rejections of neighbors.
double spread(const std::vector<double> &temperatures) {
  double least = 1.0, most = 0.0;
  for (size_t i = 0; i + 1 < temperatures.size(); i++) {
    const double r = 1.0 - HarmonicReplicas::acceptance(temperatures[i], temperatures[i + 1]);
    least = std::min(least, r);
    most = std::max(most, r);
  }
  return most - least;
}

const std::vector<double> uneven = {1.0, 1.1, 1.2, 1.3, 1.4, 8.0};

TEST(TemperingTune, MakesRejectionsEqual) {
  auto descending = uneven;
  std::reverse(descending.begin(), descending.end());
  for (const auto &temperatures : {uneven, descending})
    for (const auto scheme : {Scheme::deo, Scheme::seo, Scheme::random}) {
      auto tempering = begun(temperatures, {scheme, 16000, 5});
      tests::run(tempering, 16000);
      EXPECT_FALSE(tempering.tuning());
      EXPECT_GT(spread(temperatures), 0.5);
      EXPECT_LT(spread(tempering.temperatures()), 0.05);
      EXPECT_EQ(tempering.temperatures().front(), temperatures.front());
      EXPECT_EQ(tempering.temperatures().back(), temperatures.back());
    }
}

std::vector<int> places(const ReplicaFlow &replicas) {
  std::vector<int> all;
  for (int i = 0; i < replicas.temperatures(); i++) all.push_back(replicas.replica_at(i));
  return all;
}

TEST(TemperingTune, HappensFourTimesAndBeginsStatisticsAnew) {
  for (const uint64_t scans : {8, 80, 400}) {
    auto tempering = begun(uneven, {Scheme::deo, scans, 5});
    std::vector<uint64_t> when;
    while (tempering.scans() < 2 * scans) {
      tempering.decide(0, HarmonicReplicas::works(tempering));
      const auto before = places(tempering.replicas());
      if (!tempering.tune()) continue;
      when.push_back(tempering.scans());
      EXPECT_EQ(tempering.tuning(), when.size() < 4);
      EXPECT_EQ(tempering.sampled_scans(), 0u);
      for (const auto &pair : tempering.statistics()) EXPECT_EQ(pair.attempts(), 0u);
      EXPECT_EQ(places(tempering.replicas()), before);
      EXPECT_EQ(tempering.replicas().round_trips(), 0);
      EXPECT_EQ(tempering.replicas().tempered_restarts(), 0);
    }
    EXPECT_EQ(when, (std::vector<uint64_t>{scans / 8, scans / 8 * 2, scans / 8 * 4, scans}));
    EXPECT_EQ(tempering.sampled_scans(), scans);
  }
}

TEST(TemperingTune, RoundTripsAreThoseOfTheLadderThatIsFrozen) {
  const ExchangeRule always = [](double, double) { return 0.0; };
  auto tempering = begun(uneven, {Scheme::deo, 80, 5, always});
  tests::run(tempering, 79);
  EXPECT_GT(tempering.replicas().round_trips(), 0);
  tests::run(tempering, 1);
  EXPECT_EQ(tempering.replicas().round_trips(), 0);
}

TEST(TemperingTune, WithoutItTheLadderStays) {
  auto tempering = begun(uneven, {Scheme::deo, 0, 5});
  EXPECT_FALSE(tempering.tuning());
  tests::run(tempering, 1000);
  EXPECT_EQ(tempering.temperatures(), uneven);
  EXPECT_EQ(tempering.sampled_scans(), 1000u);
}

} // namespace
