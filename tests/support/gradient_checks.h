#ifndef NFLOW_TESTS_GRADIENT_CHECKS_H
#define NFLOW_TESTS_GRADIENT_CHECKS_H

#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace nflow::tests {

/// x with gaussian noise on all numbers.
inline std::vector<double> shaken(std::vector<double> x, double width, uint32_t seed) {
  std::vector<double> noise(x.size());
  RandomStream(seed, 0, 0, Purpose::sample)
      .fill_gaussian(noise.data(), static_cast<int64_t>(noise.size()));
  for (size_t i = 0; i < x.size(); i++) x[i] += width * noise[i];
  return x;
}

/// The gradient of `loss` at these parameters against differences along `directions` random
/// directions, one of which must change the loss by more than rounding.
template <class Loss>
void expect_gradient_of(const Loss &loss, const std::vector<double> &parameters,
                        const std::vector<double> &gradient, uint32_t directions, double tolerance,
                        const std::string &what = "") {
  constexpr double h = 1e-6;
  double largest = 0.0;
  for (uint32_t seed = 1; seed <= directions; seed++) {
    const auto direction = shaken(std::vector<double>(gradient.size(), 0.0), 1.0, seed);
    auto up = parameters, down = parameters;
    double along = 0.0;
    for (size_t i = 0; i < gradient.size(); i++) {
      up[i] += h * direction[i];
      down[i] -= h * direction[i];
      along += gradient[i] * direction[i];
    }
    const double difference = (loss(up) - loss(down)) / (2.0 * h);
    EXPECT_NEAR(along, difference, tolerance * (1.0 + std::fabs(difference))) << what;
    largest = std::max(largest, std::fabs(along));
  }
  EXPECT_GT(largest, 0.1) << what;
}

} // namespace nflow::tests

#endif
