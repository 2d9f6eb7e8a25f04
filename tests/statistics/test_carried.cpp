// Moves of a flow that carries numbers (where a molecule is and how it is turned) and draws the
// rest, on a chain of beads in a field, against quadrature (|z| < 4, fixed seeds): alone, given
// what is carried; between moves of single beads, which change that; and through exchanges of
// temperatures. Broken rules must be caught by the same comparison.

#include "estimators/autocorrelation.h"
#include "mcmc/sampler.h"
#include "statistics/bead_chain.h"
#include "support/moves.h"
#include "tempering/exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

using namespace nflow;
using mcmc::AcceptanceRules;
using tests::BeadChain;
using tests::BeadChainFlow;
using tests::operator-;
using Lines = std::vector<std::string>; // of moves, as in an input script
using Weights = const mcmc::PointWeights &;
using Positions = std::vector<double>;

constexpr double tau = 0.8;

mcmc::Space space_of(bool auxiliary) {
  mcmc::Space space;
  space.coordinates = BeadChain::size;
  space.auxiliary = auxiliary;
  space.box.dim = 3;
  space.carried = BeadChainFlow::carried;
  return space;
}

Positions start() {
  Positions x(BeadChain::size);
  BeadChain::cartesian({{0.1, -0.2, 0.3}, 1.1, 0.4, -2.0, {1.0, 1.1, 0.9}, {1.9, 1.8}, 0.5},
                       x.data());
  return x;
}

/// A Metropolis sweep: all beads together, then each by itself.
void sweep(Positions &x, double &energy, double at, RandomStream &random) {
  for (int64_t i = -1; i < BeadChain::n; i++) {
    auto moved = x;
    double step[3];
    random.fill_gaussian(step, 3, i < 0 ? 0.6 : 0.15);
    for (int64_t k = 0; k < BeadChain::size; k++)
      if (i < 0 || k / 3 == i) moved[k] += step[k % 3];
    const double there = BeadChain::energy(moved.data());
    if (random.uniform() >= std::exp((energy - there) / at)) continue;
    x = moved;
    energy = there;
  }
}

class Averages {
 public:
  void add(const double *x) {
    const auto values = BeadChain::observables(BeadChain::internal(x), BeadChain::energy(x));
    series_.resize(values.size());
    for (size_t i = 0; i < values.size(); i++) series_[i].push_back(values[i]);
  }
  /// Against those of `wanted` that vary.
  double largest_z(const std::vector<double> &wanted) const {
    double largest = 0.0;
    for (size_t i = 0; i < wanted.size(); i++) {
      const auto [low, high] = std::minmax_element(series_[i].begin(), series_[i].end());
      if (*high - *low < 1e-6) continue;
      const double z = estimators::mean_with_error(series_[i]).z_score(wanted[i]);
      largest = std::max(largest, std::fabs(z));
    }
    return largest;
  }

 private:
  std::vector<std::vector<double>> series_;
};

struct Result {
  double largest_z = 0.0, acceptance = 0.0;
  double by_attempts = 0.0, in_all = 0.0; // how far what is carried has moved
};

/// The largest difference between what two configurations carry.
double carried_change(const double *x, const double *y) {
  const auto a = BeadChain::internal(x), b = BeadChain::internal(y);
  return std::max({tests::length(a.position - b.position), std::fabs(a.polar - b.polar),
                   std::fabs(std::remainder(a.azimuth - b.azimuth, 2.0 * M_PI)),
                   std::fabs(std::remainder(a.turn - b.turn, 2.0 * M_PI))});
}

/// A chain with these moves; with sweeps of single beads after every third attempt, or none.
Result run(bool auxiliary, double stiffness, const Lines &moves, int64_t attempts, bool sweeps,
           const AcceptanceRules &rules = {}, const mcmc::PrefetchDepth &depth = {}) {
  BeadChainFlow flow(auxiliary, stiffness);
  tests::BeadChainTarget target;
  mcmc::FlowSampler sampler(flow, target, space_of(auxiliary), tests::make_moves(moves), 32,
                            {2026, 0}, rules);
  sampler.set_prefetch(depth);
  auto x = start();
  double energy = BeadChain::energy(x.data());
  sampler.set_state(x.data(), energy, tau);
  RandomStream random(5, 0, 0, Purpose::sample);
  Averages averages;
  Result result;
  for (int64_t i = 0; i < attempts; i++) {
    x.assign(sampler.x(), sampler.x() + BeadChain::size);
    if (sampler.attempt())
      result.by_attempts = std::max(result.by_attempts, carried_change(x.data(), sampler.x()));
    if (sweeps && i % 3 == 2) {
      x.assign(sampler.x(), sampler.x() + BeadChain::size);
      energy = sampler.energy();
      sweep(x, energy, tau, random);
      sampler.set_state(x.data(), energy, tau);
    }
    if (i % 3 == 2) averages.add(sampler.x());
  }
  const auto q0 = BeadChain::internal(start().data());
  result.largest_z = averages.largest_z(BeadChain::exact(tau, sweeps ? nullptr : &q0));
  result.acceptance = static_cast<double>(sampler.counters().accepts) / attempts;
  result.in_all = carried_change(start().data(), sampler.x());
  return result;
}

constexpr double good = 1.0, bad = 0.4, untrained = 0.1;

TEST(CarriedFlow, IsOne) {
  BeadChainFlow flow(true, good);
  std::vector<double> u(2 * BeadChain::size), v(u), back(u);
  RandomStream(3, 0, 0, Purpose::sample)
      .fill_gaussian(u.data(), static_cast<int64_t>(u.size()), 0.5);
  u[3] = 1.0;
  double there = 0.0, and_back = 0.0;
  flow.forward(1, u.data(), tau, v.data(), &there);
  flow.inverse(1, v.data(), tau, back.data(), &and_back);
  for (size_t i = 0; i < u.size(); i++) EXPECT_NEAR(back[i], u[i], 1e-12);
  EXPECT_NEAR(there + and_back, 0.0, 1e-12);
}

class Carried : public ::testing::TestWithParam<std::tuple<bool, double, std::string>> {};

TEST_P(Carried, AloneItIsExactGivenWhereItIs) {
  const auto &[auxiliary, stiffness, move] = GetParam();
  const auto result = run(auxiliary, stiffness, {move}, 40000, false);
  EXPECT_GT(result.acceptance, 0.002);
  EXPECT_LT(result.largest_z, 4.0);
  EXPECT_LT(result.in_all, 1e-9);
  std::printf("acceptance %.3f, largest |z| %.2f\n", result.acceptance, result.largest_z);
}

TEST_P(Carried, WhileItMoves) {
  const auto &[auxiliary, stiffness, move] = GetParam();
  const auto result = run(auxiliary, stiffness, {move}, 60000, true);
  EXPECT_GT(result.acceptance, 0.002);
  EXPECT_LT(result.largest_z, 4.0);
  EXPECT_LT(result.by_attempts, 1e-8);
  EXPECT_GT(result.in_all, 0.01);
  std::printf("acceptance %.3f, largest |z| %.2f\n", result.acceptance, result.largest_z);
}

INSTANTIATE_TEST_SUITE_P(Moves, Carried,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(good, bad, untrained),
                                            ::testing::Values("independence", "multitry 4",
                                                              "latent sigma 0.5", "pcn 0.6")));

TEST(CarriedMixture, AllMovesPrefetched) {
  const Lines moves{"independence", "latent sigma 0.4", "multitry 3", "pcn 0.4"};
  mcmc::PrefetchDepth depth;
  depth.largest = 7;
  for (const bool sweeps : {false, true}) {
    const auto one = run(true, bad, moves, 45000, sweeps);
    const auto seven = run(true, bad, moves, 45000, sweeps, {}, depth);
    EXPECT_LT(one.largest_z, 4.0);
    EXPECT_EQ(one.largest_z, seven.largest_z);
    EXPECT_EQ(one.acceptance, seven.acceptance);
  }
}

/// A restart in the middle of a block of fresh configurations makes the same ones.
TEST(CarriedRestart, GoesOnToTheBit) {
  const Lines moves{"independence", "latent sigma 0.4"};
  BeadChainFlow flow(true, good);
  tests::BeadChainTarget target;
  const auto sampler = [&] {
    return std::make_unique<mcmc::FlowSampler>(
        flow, target, space_of(true), tests::make_moves(moves), 32, mcmc::Streams{2026, 0});
  };
  const auto attempt = [](mcmc::FlowSampler &chain, int64_t attempts) {
    for (int64_t i = 0; i < attempts; i++) chain.attempt();
    return Positions(chain.x(), chain.x() + BeadChain::size);
  };
  auto whole = sampler(), first = sampler(), second = sampler();
  const auto x = start();
  for (auto *one : {whole.get(), first.get()})
    one->set_state(x.data(), BeadChain::energy(x.data()), tau);
  const auto wanted = attempt(*whole, 100);
  const auto middle = attempt(*first, 45);
  second->restart({2026, 0}, first->record().checkpoint());
  second->set_state(middle.data(), first->energy(), tau);
  EXPECT_EQ(attempt(*second, 55), wanted);
  EXPECT_GT(whole->counters().accepts, 10u);
}

void expect_caught(const AcceptanceRules &rules, const std::string &move) {
  const auto result = run(false, bad, {move}, 100000, true, rules);
  EXPECT_GT(result.largest_z, 6.0);
  std::printf("caught at |z| = %.1f\n", result.largest_z);
}

TEST(BrokenRuleIsCaught, LogDetDropped) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) + o.log_prior - n.log_prior;
  };
  expect_caught(rules, "independence");
  expect_caught(rules, "pcn 0.6");
}
TEST(BrokenRuleIsCaught, LogDetSign) {
  AcceptanceRules rules;
  rules.symmetric = [](Weights o, Weights n) { return -(n.h - o.h) - n.log_det + o.log_det; };
  expect_caught(rules, "latent sigma 0.5");
}
TEST(BrokenRuleIsCaught, PriorDropped) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) + n.log_det - o.log_det;
  };
  expect_caught(rules, "independence");
}

/// Two replicas at k_B T = tau and hot, exchanged through the latent space, with log_det `counted`
/// times.
double exchange_z(bool auxiliary, double counted, double &acceptance) {
  constexpr double hot = 1.3;
  BeadChainFlow flow(auxiliary, good);
  const int64_t size = space_of(auxiliary).size();
  tempering::ExchangeMap map(tempering::ExchangeMap::Kind::latent, &flow, size, host_arrays(),
                             BeadChainFlow::carried);
  RandomStream random(11, 0, 0, Purpose::sample);
  const double taus[2] = {tau, hot};
  Positions x[2] = {start(), start()};
  double energy[2];
  for (int i = 0; i < 2; i++) energy[i] = BeadChain::energy(x[i].data());
  Averages averages[2];
  constexpr int scans = 40000;
  int accepted = 0;
  for (int scan = 0; scan < scans; scan++) {
    Positions mapped[2];
    double works[2], there[2];
    for (int i = 0; i < 2; i++) {
      for (int k = 0; k < 4; k++) sweep(x[i], energy[i], taus[i], random);
      auto point = x[i];
      point.resize(size);
      random.fill_gaussian(point.data() + BeadChain::size, size - BeadChain::size,
                           std::sqrt(taus[i]));
      mapped[i].resize(size);
      const double log_det =
          counted * map.map(point.data(), taus[i], taus[1 - i], mapped[i].data());
      there[i] = BeadChain::energy(mapped[i].data());
      double squares[2] = {0.0, 0.0};
      for (int64_t k = BeadChain::size; k < size; k++) {
        squares[0] += point[k] * point[k];
        squares[1] += mapped[i][k] * mapped[i][k];
      }
      works[i] = tempering::work(energy[i] / taus[i] + 0.5 * squares[0] / taus[i],
                                 there[i] / taus[1 - i] + 0.5 * squares[1] / taus[1 - i], log_det);
    }
    if (random.uniform() < std::exp(tempering::log_acceptance_exchange(works[0], works[1]))) {
      accepted++;
      for (int i = 0; i < 2; i++) {
        x[i].assign(mapped[1 - i].begin(), mapped[1 - i].begin() + BeadChain::size);
        energy[i] = there[1 - i];
      }
    }
    for (int i = 0; i < 2; i++) averages[i].add(x[i].data());
  }
  acceptance = static_cast<double>(accepted) / scans;
  return std::max(averages[0].largest_z(BeadChain::exact(tau)),
                  averages[1].largest_z(BeadChain::exact(hot)));
}

TEST(CarriedExchange, IsExact) {
  for (const bool auxiliary : {false, true}) {
    double acceptance = 0.0;
    EXPECT_LT(exchange_z(auxiliary, 1.0, acceptance), 4.0);
    EXPECT_GT(acceptance, 0.2);
    std::printf("acceptance %.3f\n", acceptance);
  }
}

TEST(BrokenRuleIsCaught, ExchangeWithoutLogDet) {
  double acceptance = 0.0;
  EXPECT_GT(exchange_z(false, 0.0, acceptance), 6.0);
}

/// The carried numbers are not scaled: ln|det| counts the others only.
TEST(CarriedExchange, LogDetIsThatOfTheDrawnNumbers) {
  BeadChainFlow flow(false, good);
  tempering::ExchangeMap map(tempering::ExchangeMap::Kind::latent, &flow, BeadChain::size,
                             host_arrays(), BeadChainFlow::carried);
  const auto x = start();
  Positions there(BeadChain::size), back(BeadChain::size);
  const double log_det = map.map(x.data(), tau, 1.3, there.data());
  const auto q = BeadChain::internal(x.data()), q_there = BeadChain::internal(there.data());
  EXPECT_NEAR(q_there.polar, q.polar, 1e-12);
  EXPECT_NEAR(tests::length(q_there.position - q.position), 0.0, 1e-12);
  // By differences of every coordinate.
  std::vector<std::vector<double>> rows(BeadChain::size, Positions(BeadChain::size));
  for (int64_t j = 0; j < BeadChain::size; j++) {
    constexpr double step = 1e-5;
    auto low = x, high = x;
    low[j] -= step;
    high[j] += step;
    Positions a(BeadChain::size), b(BeadChain::size);
    map.map(low.data(), tau, 1.3, a.data());
    map.map(high.data(), tau, 1.3, b.data());
    for (int64_t i = 0; i < BeadChain::size; i++) rows[i][j] = (b[i] - a[i]) / (2.0 * step);
  }
  double log_volume = 0.0; // by elimination
  for (int64_t k = 0; k < BeadChain::size; k++) {
    int64_t pivot = k;
    for (int64_t i = k; i < BeadChain::size; i++)
      if (std::fabs(rows[i][k]) > std::fabs(rows[pivot][k])) pivot = i;
    std::swap(rows[k], rows[pivot]);
    log_volume += std::log(std::fabs(rows[k][k]));
    for (int64_t i = k + 1; i < BeadChain::size; i++) {
      const double factor = rows[i][k] / rows[k][k];
      for (int64_t j = k; j < BeadChain::size; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  EXPECT_NEAR(log_det, log_volume, 1e-6);
}

} // namespace
