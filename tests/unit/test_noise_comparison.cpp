// Whether thermostats of two replicas push alike.
#include "base/random.h"
#include "tempering/noise_comparison.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tempering::NoiseComparison;

std::vector<double> noise(uint32_t seed, int64_t count) {
  std::vector<double> values(count);
  RandomStream(seed, 0, 0, Purpose::sample).fill_gaussian(values.data(), count);
  return values;
}

TEST(NoiseComparison, OneSeedIsFoundThroughFrictionAndOtherTemperatures) {
  NoiseComparison comparison;
  const auto shared = noise(1, 33), first = noise(2, 33), second = noise(3, 33);
  std::vector<double> a(33), b(33);
  for (size_t i = 0; i < a.size(); i++) {
    a[i] = shared[i] + 0.1 * first[i];
    b[i] = 1.2 * shared[i] + 0.1 * second[i];
  }
  for (size_t i = 2; i < a.size(); i += 3) a[i] = b[i] = 0.0; // in the plane
  comparison.add(a, b);
  EXPECT_FALSE(comparison.alike()) << "22 numbers are too few";
  comparison.add(a, b);
  EXPECT_TRUE(comparison.alike());
  EXPECT_GT(comparison.correlation(), 0.95);
}

TEST(NoiseComparison, IndependentNoiseNeverIs) {
  for (uint32_t seed = 0; seed < 2000; seed++) {
    NoiseComparison comparison;
    for (uint32_t part = 0; part < 10; part++) {
      comparison.add(noise(100 * seed + 2 * part, 10), noise(100 * seed + 2 * part + 1, 10));
      ASSERT_FALSE(comparison.alike()) << seed << " " << comparison.correlation();
    }
    EXPECT_TRUE(comparison.decided());
  }
}

} // namespace
