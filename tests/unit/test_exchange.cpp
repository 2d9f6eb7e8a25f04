// What works of both directions say about exchanges, against gaussian works, where everything is
// known: w ~ N(F + s^2/2, s^2), r ~ N(-F + s^2/2, s^2) have J = s^2, acceptance erfc(s/2) and ESS
// exp(-s^2) both ways.
#include "base/random.h"
#include "estimators/exchange.h"
#include "estimators/exchange_states.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::estimators;
using nflow::Purpose;
using nflow::RandomStream;

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

namespace {

/// G by its definition, sums over all pairs.
double brute_force(const std::vector<double> &w, const std::vector<double> &r) {
  const auto a = [](double x, double y) { return std::min(1.0, std::exp(-x - y)); };
  double g = 0.0;
  for (const double y : r) {
    double mean = 0.0;
    for (const double x : w) mean += a(x, y) / static_cast<double>(w.size());
    g -= std::log(mean) / static_cast<double>(r.size());
  }
  for (const double x : w) {
    double mean = 0.0;
    for (const double y : r) mean += a(x, y) / static_cast<double>(r.size());
    g -= std::log(mean) / static_cast<double>(w.size());
  }
  return g;
}

} // namespace

TEST(AcceptanceLoss, IsTheSumOverPairsOfItsDefinition) {
  for (const double s : {0.2, 1.0, 4.0}) {
    const auto w = works(37, s, 1.0, 11), r = works(23, s, -1.0, 11);
    const double g = acceptance_loss(w, r).value;
    EXPECT_GT(g, 0.0);
    EXPECT_NEAR(g, brute_force(w, r), 1e-12 * (1.0 + g)) << s;
    EXPECT_NEAR(g, acceptance_loss(r, w).value, 1e-12 * (1.0 + g)) << s;
  }
  EXPECT_NEAR(acceptance_loss({-1.0, -2.0}, {0.5, 1.0}).value, 0.0, 1e-15); // all accepted
}

TEST(AcceptanceLoss, SlopesAreThoseOfDifferences) {
  auto w = works(12, 1.5, 1.0, 12), r = works(9, 1.5, -1.0, 12);
  const auto loss = acceptance_loss(w, r);
  const double h = 1e-6;
  for (auto *side : {&w, &r})
    for (size_t i = 0; i < side->size(); i++) {
      double &value = (*side)[i];
      value += h;
      const double up = acceptance_loss(w, r).value;
      value -= 2.0 * h;
      const double down = acceptance_loss(w, r).value;
      value += h;
      const double slope = side == &w ? loss.by_forward[i] : loss.by_backward[i];
      EXPECT_NEAR(slope, (up - down) / (2.0 * h), 1e-8);
      EXPECT_GE(slope, 0.0);
    }
}

TEST(AcceptanceLoss, FarWorksNeitherVanishNorOverflow) {
  const auto far = acceptance_loss({5000.0, 6000.0}, {1.0, 3.0});
  // -ln of means: rows 5001 - ln 2 and 6001 - ln 2 but for e^-2, columns the same with the lesser
  // w.
  const double tail = std::log1p(std::exp(-2.0)) - std::log(2.0);
  EXPECT_NEAR(far.value, 5501.0 - tail + 5002.0 + std::log(2.0), 1e-9);
  for (const double slope : {far.by_forward[0], far.by_forward[1], far.by_backward[0]})
    EXPECT_TRUE(slope > 0.0 && slope < 2.0) << slope;
  EXPECT_TRUE(std::isnan(acceptance_loss({1.0, NAN}, {1.0}).value));
  EXPECT_TRUE(std::isnan(acceptance_loss({1.0}, {INFINITY}).value));
  EXPECT_TRUE(std::isnan(acceptance_loss({}, {1.0}).value));
}

namespace {

/// Two states of the target with populations 0.9 and 0.1, of which the map reaches state 1 with
/// probability `reached`; works of 0 but for the target's samples in state 1.
StatedWorks two_states(int count, double reached, double r_of_state_1) {
  RandomStream random(29, 0, 0, Purpose::sample);
  StatedWorks all;
  for (int i = 0; i < count; i++) {
    all.forward.push_back(0.0);
    all.prior.push_back(random.uniform() < 0.5 ? 0 : 1);
    all.to_target.push_back(random.uniform() < reached ? 1 : 0);
    all.target.push_back(random.uniform() < 0.1 ? 1 : 0);
    all.backward.push_back(all.target.back() == 1 ? r_of_state_1 : 0.0);
    all.to_prior.push_back(random.uniform() < 0.5 ? 0 : 1);
  }
  return all;
}

} // namespace

TEST(ExchangeStates, CountsWhatChangesAndWhatIsAcceptedGivenAState) {
  const auto works = two_states(2000, 0.1, std::log(4.0));
  const auto report = exchange_states(works, 2);
  ASSERT_EQ(report.states.size(), 3u);
  double changed = 0.0, p1 = 0.0;
  for (size_t i = 0; i < 2000; i++) {
    p1 += works.target[i] / 2000.0;
    for (size_t j = 0; j < 2000; j++)
      if (works.to_target[i] != works.target[j])
        changed += std::min(1.0, std::exp(-works.backward[j])) / 4e6;
  }
  EXPECT_NEAR(report.between, changed, 1e-10);
  EXPECT_NEAR(report.ceiling, 2.0 * p1 * (1.0 - p1), 1e-12);
  EXPECT_GT(report.between_error, 0.0);
  EXPECT_LT(report.between_error, 0.02);
  EXPECT_NEAR(report.states[0].acceptance_target, 1.0, 1e-12);
  EXPECT_NEAR(report.states[1].acceptance_target, 0.25, 1e-12);
  EXPECT_NEAR(report.least_acceptance, 0.25, 1e-12);
  EXPECT_NEAR(report.states[0].acceptance_prior, 1.0 - 0.75 * p1, 1e-12);
  EXPECT_TRUE(std::isnan(report.states[2].acceptance_target)); // nobody is in no state
  for (const auto &state : report.states) {
    EXPECT_FALSE(state.lost_at_target());
    EXPECT_FALSE(state.lost_at_prior());
    EXPECT_LT(std::fabs(state.z_target), 4.0);
  }
}

TEST(ExchangeStates, SaysWhichStateIsLost) {
  const auto report = exchange_states(two_states(2000, 0.0, 0.0), 2);
  EXPECT_FALSE(report.states[0].lost_at_target());
  EXPECT_TRUE(report.states[1].lost_at_target());
  EXPECT_LT(report.states[1].z_target, -8.0);
  EXPECT_FALSE(report.states[1].lost_at_prior());
  // Works alone do not show it: everything is accepted.
  EXPECT_NEAR(report.least_acceptance, 1.0, 1e-12);
  // Too few samples to tell.
  EXPECT_FALSE(exchange_states(two_states(60, 0.0, 0.0), 2).states[1].lost_at_target());
}
