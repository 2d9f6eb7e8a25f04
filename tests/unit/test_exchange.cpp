// What works of both directions say about exchanges, against gaussian works, where everything is
// known: w ~ N(F + s^2/2, s^2), r ~ N(-F + s^2/2, s^2) have J = s^2, acceptance erfc(s/2) and ESS
// exp(-s^2) both ways.
#include "estimators/exchange.h"
#include "mcmc/random.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::estimators;
using nflow::mcmc::Purpose;
using nflow::mcmc::RandomStream;

namespace {

constexpr double free_energy = -7.3;

std::vector<double> works(int count, double s, double sign, uint64_t which) {
  RandomStream random(23, sign > 0.0 ? 0 : 1, which, Purpose::sample);
  std::vector<double> values;
  for (int i = 0; i < count; i++)
    values.push_back(sign * free_energy + 0.5 * s * s + s * random.gaussian());
  return values;
}

ExchangeReport gaussian_report(int count, double s, uint64_t which) {
  return exchange_report(works(count, s, 1.0, which), works(count, s, -1.0, which));
}

} // namespace

TEST(Exchange, GaussianWorks) {
  for (const double s : {0.3, 1.0, 2.0}) {
    const auto r = gaussian_report(4000, s, 1);
    EXPECT_LT(std::fabs(r.j - s * s), 4.0 * r.j_error) << s;
    EXPECT_NEAR(r.j_error, s * std::sqrt(2.0 / 4000.0), 0.3 * r.j_error) << s;
    EXPECT_LT(std::fabs(r.acceptance - std::erfc(0.5 * s)), 4.0 * r.acceptance_error) << s;
    EXPECT_LT(r.acceptance_error, 0.02) << s;
    if (s > 1.5) continue; // single weights decide
    EXPECT_NEAR(r.ess_forward, std::exp(-s * s), 0.08) << s;
    EXPECT_NEAR(r.ess_backward, std::exp(-s * s), 0.08) << s;
  }
}

TEST(Exchange, ErrorsAreTheScatterOfRepetitions) {
  const int repetitions = 200;
  double of_j = 0.0, of_acceptance = 0.0;
  for (int i = 0; i < repetitions; i++) {
    const auto r = gaussian_report(400, 1.2, 100 + i);
    of_j += std::pow((r.j - 1.44) / r.j_error, 2) / repetitions;
    of_acceptance +=
        std::pow((r.acceptance - std::erfc(0.6)) / r.acceptance_error, 2) / repetitions;
  }
  // Mean squares of scores, 1 if errors are right; those of a jackknife of 10 blocks spread more.
  EXPECT_GT(of_j, 0.7);
  EXPECT_LT(of_j, 1.5);
  EXPECT_GT(of_acceptance, 0.7);
  EXPECT_LT(of_acceptance, 2.0);
}

TEST(Exchange, DirectionsAreAlike) {
  const auto w = works(500, 1.0, 1.0, 3), r = works(300, 1.0, -1.0, 3);
  const auto there = exchange_report(w, r), back = exchange_report(r, w);
  EXPECT_DOUBLE_EQ(there.j, back.j);
  EXPECT_NEAR(there.acceptance, back.acceptance, 1e-12);
  EXPECT_DOUBLE_EQ(there.ess_forward, back.ess_backward);
}

TEST(Exchange, EqualWorksAreAlwaysAccepted) {
  const auto r =
      exchange_report(std::vector<double>(50, free_energy), std::vector<double>(50, -free_energy));
  EXPECT_DOUBLE_EQ(r.j, 0.0);
  EXPECT_DOUBLE_EQ(r.acceptance, 1.0);
  EXPECT_DOUBLE_EQ(r.ess_forward, 1.0);
}

TEST(Exchange, OneDirectionAlone) {
  const auto r = exchange_report(works(100, 1.0, 1.0, 5), {});
  EXPECT_TRUE(std::isfinite(r.forward.mean));
  EXPECT_GT(r.ess_forward, 0.0);
  for (const double unknown : {r.j, r.acceptance, r.acceptance_error, r.ess_backward})
    EXPECT_TRUE(std::isnan(unknown));
}
