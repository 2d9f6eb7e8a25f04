#include "base/error.h"
#include "estimators/autocorrelation.h"
#include "reference/comparison.h"
#include "reference/exact_double_well64.h"
#include "reference/exact_multi_well.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::reference;
using nflow::Purpose;
using nflow::RandomStream;

namespace {

/// The integral of f over [-reach, reach] by the trapezoid rule, which for smooth functions that
/// vanish at the ends is exact to rounding; nothing in common with the quadrature under test.
template <class Function>
double trapezoid(double reach, int points, Function f) {
  double sum = 0.0;
  const double step = 2.0 * reach / points;
  for (int i = 0; i <= points; i++) sum += f(-reach + step * i);
  return sum * step;
}

std::vector<double> samples_of(const ExactMultiWell &exact, int64_t count, uint32_t seed) {
  RandomStream random(seed, 0, 0, Purpose::sample);
  std::vector<double> frames(static_cast<size_t>(count * exact.dim()));
  for (int64_t s = 0; s < count; s++) exact.sample(random, &frames[s * exact.dim()]);
  return frames;
}

} // namespace

TEST(QuarticDensity, HarmonicLimit) {
  const double a = 0.7, b = 1.5, temperature = 0.4;
  const QuarticDensity density(a, b, 0.0, temperature);
  const double mean = -a / (2.0 * b), variance = temperature / (2.0 * b);
  EXPECT_NEAR(density.mean([](double y) { return y; }), mean, 1e-12);
  EXPECT_NEAR(density.mean([](double y) { return y * y; }), variance + mean * mean, 1e-12);
  EXPECT_NEAR(density.log_partition(),
              0.5 * std::log(2.0 * M_PI * variance) + a * a / (4.0 * b * temperature), 1e-11);
  EXPECT_NEAR(density.entropy(), 0.5 * std::log(2.0 * M_PI * M_E * variance), 1e-11);
  EXPECT_NEAR(density.positive_population(), 0.5 * std::erfc(-mean / std::sqrt(2.0 * variance)),
              1e-12);
  const auto phi = density.characteristic(1.3);
  EXPECT_NEAR(std::abs(phi), std::exp(-0.5 * 1.3 * 1.3 * variance), 1e-12);
  EXPECT_NEAR(std::arg(phi), 1.3 * mean, 1e-12);
}

TEST(QuarticDensity, DoubleWellAgainstTrapezoid) {
  for (const double temperature : {0.05, 0.3, 1.0, 10.0}) {
    const QuarticDensity density(0.6, -4.0, 1.0, temperature);
    const auto weight = [&](double y) {
      return std::exp(-(density.energy(y) + 5.0) / temperature);
    };
    const double z = trapezoid(12.0, 400000, weight);
    const auto mean = [&](auto f) {
      return trapezoid(12.0, 400000, [&](double y) { return f(y) * weight(y); }) / z;
    };
    const auto energy = [&](double y) { return density.energy(y); };
    EXPECT_NEAR(density.log_partition(), std::log(z) + 5.0 / temperature, 1e-10);
    EXPECT_NEAR(density.mean([](double y) { return y; }), mean([](double y) { return y; }), 1e-10);
    EXPECT_NEAR(density.mean(energy), mean(energy), 1e-10 * (1.0 + temperature));
    EXPECT_NEAR(density.entropy(), mean(energy) / temperature + density.log_partition(), 1e-9);
    // Where the barrier is high the quantile near it is not determined to rounding.
    if (density.density(0.0) > 1e-6) {
      EXPECT_NEAR(density.quantile(1.0 - density.positive_population()), 0.0, 1e-9);
    }
  }
}

TEST(QuarticDensity, QuantilesInvertTheDistribution) {
  const QuarticDensity density(-0.3, -4.0, 1.0, 0.5);
  const double step = 1e-4;
  for (const double p : {1e-6, 0.1, 0.3, 0.5, 0.77, 1.0 - 1e-6}) {
    double integral = 0.0; // midpoint rule up to the quantile
    const double to = density.quantile(p), from = -4.0;
    const int points = static_cast<int>((to - from) / step);
    for (int i = 0; i < points; i++)
      integral += density.density(from + (i + 0.5) * (to - from) / points) * (to - from) / points;
    EXPECT_NEAR(integral, p, 1e-8);
  }
}

TEST(QuarticDensity, Refusals) {
  EXPECT_THROW(QuarticDensity(0.0, -4.0, 1.0, 0.0), nflow::Error);
  EXPECT_THROW(QuarticDensity(0.0, -4.0, -1.0, 1.0), nflow::Error);
  EXPECT_THROW(QuarticDensity(0.0, 0.0, 0.0, 1.0), nflow::Error);
}

TEST(MultiWell, RandomSystemIsWellConditionedAndReproducible) {
  const auto system = random_multi_well(7, 3);
  EXPECT_NEAR(invert(system.A).log_abs_determinant, 0.0, 1e-12);
  // The largest and the smallest singular value, by power iteration on A^T A and its inverse.
  const auto square = multiply(transpose(system.A), system.A);
  const auto largest = [](const Matrix &m) {
    std::vector<double> v(7, 1.0);
    double norm = 0.0;
    for (int iteration = 0; iteration < 2000; iteration++) {
      std::vector<double> w(7, 0.0);
      for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) w[i] += m(i, j) * v[j];
      norm = 0.0;
      for (const double x : w) norm += x * x;
      norm = std::sqrt(norm);
      for (int i = 0; i < 7; i++) v[i] = w[i] / norm;
    }
    return norm;
  };
  EXPECT_NEAR(std::sqrt(largest(square) * largest(invert(square).matrix)), 2.5, 1e-9);
  EXPECT_EQ(random_multi_well(7, 3).A.values, system.A.values);
  EXPECT_NE(random_multi_well(7, 4).A.values, system.A.values);
  for (const double a : system.a) EXPECT_LE(std::abs(a), 1.0);
}

TEST(MultiWell, GradientIsTheDerivative) {
  const auto system = random_multi_well(5, 1);
  RandomStream random(5, 0, 0, Purpose::sample);
  std::vector<double> x(5), gradient(5);
  random.fill_gaussian(x.data(), 5);
  system.gradient(x.data(), gradient.data());
  for (int i = 0; i < 5; i++) {
    const double h = 1e-5, kept = x[i];
    x[i] = kept + h;
    const double above = system.energy(x.data());
    x[i] = kept - h;
    const double below = system.energy(x.data());
    x[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / (2.0 * h), 1e-7);
  }
}

TEST(ExactMultiWell, TwoDimensionsByBruteForce) {
  MultiWell system = random_multi_well(2, 9);
  system.A(0, 1) += 0.3; // determinant not one
  const double temperature = 0.8;
  const ExactMultiWell exact(system, temperature);
  double z = 0.0, energy = 0.0, x0 = 0.0, x1_squared = 0.0, surprise = 0.0;
  const double step = 0.02;
  for (double a = -7.0; a < 7.0; a += step)
    for (double b = -7.0; b < 7.0; b += step) {
      const double x[2] = {a, b}, u = system.energy(x), weight = std::exp(-u / temperature);
      z += weight * step * step;
      energy += weight * u * step * step;
      x0 += weight * a * step * step;
      x1_squared += weight * b * b * step * step;
      surprise += weight * u / temperature * step * step;
    }
  EXPECT_NEAR(exact.log_partition(), std::log(z), 1e-9);
  EXPECT_NEAR(exact.mean_energy(), energy / z, 1e-9);
  EXPECT_NEAR(exact.mean_x(0), x0 / z, 1e-9);
  EXPECT_NEAR(exact.mean_square_x(1), x1_squared / z, 1e-9);
  EXPECT_NEAR(exact.entropy(), surprise / z + std::log(z), 1e-9);
}

TEST(ExactMultiWell, MarginalDensityHasTheExactMoments) {
  for (const double temperature : {0.2, 1.0}) {
    const ExactMultiWell exact(random_multi_well(4, 2), temperature);
    std::vector<double> points;
    const double step = 0.01;
    for (double x = -9.0; x <= 9.0; x += step) points.push_back(x);
    for (const int64_t i : {0, 3}) {
      const auto density = exact.density_x(i, points);
      double norm = 0.0, mean = 0.0, square = 0.0;
      for (size_t p = 0; p < points.size(); p++) {
        EXPECT_GT(density[p], -1e-12);
        norm += density[p] * step;
        mean += density[p] * points[p] * step;
        square += density[p] * points[p] * points[p] * step;
      }
      EXPECT_NEAR(norm, 1.0, 1e-10);
      EXPECT_NEAR(mean, exact.mean_x(i), 1e-10);
      EXPECT_NEAR(square, exact.mean_square_x(i), 1e-10);
    }
  }
  // In one dimension the density is known without any Fourier integral.
  MultiWell single = random_multi_well(1, 2);
  const ExactMultiWell exact(single, 0.5);
  for (const double x : {-1.5, -0.2, 0.9}) {
    const double expected = std::exp(-single.energy(&x) / 0.5 - exact.log_partition());
    EXPECT_NEAR(exact.density_x(0, {x})[0], expected, 1e-10);
  }
}

TEST(ExactMultiWell, SamplesAgreeWithQuadrature) {
  const auto system = random_multi_well(5, 7);
  for (const double temperature : {0.3, 1.0}) {
    const ExactMultiWell exact(system, temperature);
    const auto frames = samples_of(exact, 20000, 1);
    const auto observables = compare(system, exact, frames);
    EXPECT_EQ(observables.size(), 27u);
    for (const auto &o : observables) EXPECT_LT(std::abs(o.z()), 4.0) << o.name;
    const auto marginal = compare_marginal(exact, frames, 1, 30);
    EXPECT_GT(marginal.used_bins, 10);
    EXPECT_GT(marginal.mean_square_z, 0.3);
    EXPECT_LT(marginal.mean_square_z, 2.5);
  }
}

TEST(ExactMultiWell, ComparisonSeesAWrongTemperature) {
  const auto system = random_multi_well(5, 7);
  const auto frames = samples_of(ExactMultiWell(system, 1.0), 20000, 1);
  const ExactMultiWell other(system, 1.05);
  double largest = 0.0;
  for (const auto &o : compare(system, other, frames)) largest = std::max(largest, std::abs(o.z()));
  EXPECT_GT(largest, 4.0);
}

TEST(ExactMultiWell, ComparisonToleratesAWellThatIsNeverVisited) {
  // At T = 0.12 the less favourable wells have populations of 1e-6 and less: no visit is right.
  const auto system = random_multi_well(5, 7);
  const ExactMultiWell exact(system, 0.12);
  for (const auto &o : compare(system, exact, samples_of(exact, 5000, 2)))
    EXPECT_LT(std::abs(o.z()), 4.0) << o.name;
}

TEST(DoubleWell64, FreeEnergyOfTheBasins) {
  // Published (learned replica exchange): 3.315 k_B T at T = 1 between x < 0 and x > 0.
  std::vector<double> x(64, 0.0);
  double left = 0.0, right = 0.0;
  for (x[0] = -4.0; x[0] < 4.0; x[0] += 0.01)
    for (x[1] = -4.0; x[1] < 4.0; x[1] += 0.01)
      (x[0] < 0.0 ? left : right) += std::exp(-double_well64_energy(x.data()));
  EXPECT_NEAR(std::abs(std::log(left / right)), 3.315, 0.01);
}

TEST(DoubleWell64, HarmonicCoordinates) {
  std::vector<double> x(64, 0.0);
  const double ground = double_well64_energy(x.data());
  EXPECT_NEAR(ground, 2.0 * 9.28, 1e-12);
  x[2] = x[63] = 2.0;
  EXPECT_NEAR(double_well64_energy(x.data()) - ground, 7.5 * 8.0, 1e-12);
}

TEST(DoubleWell64, ExactValuesAgainstAPlainGrid) {
  for (const double temperature : {1.0, 5.0}) {
    const ExactDoubleWell64 exact(temperature);
    double z = 0.0, energy = 0.0, squares = 0.0, right = 0.0, y_mean = 0.0;
    const double step = 0.01;
    for (int i = -700; i < 700; i++)
      for (int j = -700; j < 700; j++) {
        const double x = (i + 0.5) * step, y = (j + 0.5) * step, u = wolfe_quapp_energy(x, y);
        const double weight = step * step * std::exp(-u / temperature);
        z += weight;
        energy += weight * u;
        squares += weight * u * u;
        right += x > 0.0 ? weight : 0.0;
        y_mean += weight * y;
      }
    const double mean = energy / z, harmonic = 62.0 * temperature / 2.0;
    EXPECT_NEAR(exact.mean_energy(), mean + harmonic, 1e-9);
    EXPECT_NEAR(exact.energy_variance(), squares / z - mean * mean + harmonic * temperature, 1e-8);
    EXPECT_NEAR(exact.log_partition(),
                std::log(z) + 31.0 * std::log(2.0 * M_PI * temperature / 15.0), 1e-10);
    EXPECT_NEAR(exact.positive_population(), right / z, 1e-5); // the grid is coarse at x = 0
    EXPECT_NEAR(exact.mean(1), y_mean / z, 1e-10);
  }
}

TEST(DoubleWell64, FreeEnergiesAreThePublishedAndTheThermodynamicOnes) {
  EXPECT_NEAR(ExactDoubleWell64(1.0).free_energy_difference(), 3.315, 5e-4);
  // d ln Z / d beta = -<U>, Simpson's rule in ln beta from T = 5 to T = 1.
  const int steps = 40;
  double integral = 0.0;
  for (int i = 0; i <= steps; i++) {
    const double beta = std::pow(5.0, static_cast<double>(i) / steps - 1.0);
    const double weight = i == 0 || i == steps ? 1.0 : i % 2 ? 4.0 : 2.0;
    integral += weight * beta * ExactDoubleWell64(1.0 / beta).mean_energy();
  }
  integral *= std::log(5.0) / steps / 3.0;
  EXPECT_NEAR(ExactDoubleWell64(1.0).log_partition() - ExactDoubleWell64(5.0).log_partition(),
              -integral, 1e-5);
}

TEST(DoubleWell64, SamplesAgreeWithTheExactValues) {
  for (const double temperature : {1.0, 5.0}) {
    const ExactDoubleWell64 exact(temperature);
    const int64_t count = 5000;
    std::vector<double> frames(count * 64);
    for (int64_t s = 0; s < count; s++) {
      RandomStream random(17, 0, s, Purpose::sample);
      exact.sample(random, &frames[s * 64]);
    }
    for (const auto &o : compare(exact, frames)) EXPECT_LT(std::abs(o.z()), 4.0) << o.name;
    double largest = 0.0;
    for (const auto &o : compare(ExactDoubleWell64(1.05 * temperature), frames))
      largest = std::max(largest, std::abs(o.z()));
    EXPECT_GT(largest, 4.0);
  }
}
