// Every move on the five-dimensional multi-well against quadrature: 27 observables, fixed seeds,
// |z| < 4. And every rule with a sign flipped or a term dropped must be caught by the same
// comparison.

#include "mcmc/sampler.h"
#include "reference/comparison.h"
#include "statistics/toy_flows.h"
#include "support/moves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace {

using namespace nflow;
using mcmc::AcceptanceRules;
using mcmc::PointWeights;
using tests::make_moves;
using Lines = std::vector<std::string>; // of moves, as in an input script

constexpr double tau = 2.0; // of the chains: wells of 4 are crossed by all moves

class MultiWellTarget : public Target {
 public:
  explicit MultiWellTarget(const reference::MultiWell &system) : system_(system) {}
  double energy(const double *x) override { return system_.energy(x); }

 private:
  const reference::MultiWell &system_;
};

struct Chain {
  double largest_z = 0.0, acceptance = 0.0;
  size_t observables = 0;
};

/// A chain of `attempts` attempts at k_B T = tau with this flow and these moves, compared with
/// quadrature.
Chain run(tests::ToyFlow &flow, bool auxiliary, const Lines &moves, int64_t attempts,
          const AcceptanceRules &rules = {}) {
  static const reference::MultiWell system = reference::random_multi_well(5, 7);
  static const reference::ExactMultiWell exact(system, tau);
  MultiWellTarget target(system);
  mcmc::FlowSampler sampler(flow, target, {5, auxiliary, true, 1.0}, make_moves(moves), 32,
                            {2024, 0}, rules);
  RandomStream random(99, 0, 0, Purpose::sample);
  std::vector<double> start(5), frames;
  exact.sample(random, start.data());
  sampler.set_state(start.data(), system.energy(start.data()), tau);
  for (int64_t i = 0; i < attempts; i++) {
    sampler.attempt();
    if (i % 5 == 0) frames.insert(frames.end(), sampler.x(), sampler.x() + 5);
  }
  Chain chain;
  for (const auto &observable : reference::compare(system, exact, frames)) {
    chain.largest_z = std::max(chain.largest_z, std::fabs(observable.z()));
    chain.observables++;
  }
  chain.acceptance = static_cast<double>(sampler.counters().accepts) / attempts;
  return chain;
}

tests::ToyFlow flow(bool auxiliary, bool good = true) {
  const auto system = reference::random_multi_well(5, 7);
  // The good one spreads over both wells of each y; the bad one, as if untrained, is far too wide.
  return good ? tests::ToyFlow(system, auxiliary, 1.6, 0.7)
              : tests::ToyFlow(system, auxiliary, 1.7, 1.1);
}

void expect_exact(bool auxiliary, bool good, const Lines &moves, int64_t attempts = 200000) {
  auto map = flow(auxiliary, good);
  const auto chain = run(map, auxiliary, moves, attempts);
  EXPECT_GE(chain.observables, 20u);
  EXPECT_GT(chain.acceptance, 0.005);
  EXPECT_LT(chain.largest_z, 4.0);
  std::printf("acceptance %.3f, largest |z| %.2f\n", chain.acceptance, chain.largest_z);
}

class Exactness : public ::testing::TestWithParam<std::tuple<bool, bool>> {};

TEST_P(Exactness, Independence) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"independence"});
}
TEST_P(Exactness, Multitry) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"multitry 8"}, 60000);
}
TEST_P(Exactness, MultitryOfTwo) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"multitry 2"});
}
TEST_P(Exactness, Latent) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"latent sigma 0.7"});
}
TEST_P(Exactness, Preconditioned) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"pcn 0.5"});
}
TEST_P(Exactness, PreconditionedFullStepIsIndependence) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()), {"pcn 1.0"});
}
TEST_P(Exactness, Mixture) {
  expect_exact(std::get<0>(GetParam()), std::get<1>(GetParam()),
               {"independence", "latent sigma 0.5", "multitry 4", "pcn 0.3"});
}
INSTANTIATE_TEST_SUITE_P(AuxiliaryAndGood, Exactness,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()));

/// The comparison must see the broken rule: |z| far beyond the bound of the exactness tests.
void expect_caught(const AcceptanceRules &rules, const Lines &moves, int64_t attempts = 400000) {
  for (const bool auxiliary : {false, true}) {
    auto map = flow(auxiliary);
    const double z = run(map, auxiliary, moves, attempts, rules).largest_z;
    EXPECT_GT(z, 6.0) << "auxiliary " << auxiliary;
    std::printf("caught at |z| = %.1f\n", z);
  }
}

using Weights = const PointWeights &;

TEST(BrokenRuleIsCaught, IndependenceEnergySign) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) { return (n.h - o.h) + o.log_q() - n.log_q(); };
  expect_caught(rules, {"independence"}, 40000);
}
TEST(BrokenRuleIsCaught, IndependenceProposalSign) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) - o.log_q() + n.log_q();
  };
  expect_caught(rules, {"independence"});
}
TEST(BrokenRuleIsCaught, IndependenceLogDetDropped) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) + o.log_prior - n.log_prior;
  };
  expect_caught(rules, {"independence"});
}
TEST(BrokenRuleIsCaught, IndependenceLogDetSign) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) + o.log_prior + o.log_det - n.log_prior - n.log_det;
  };
  expect_caught(rules, {"independence"});
}
TEST(BrokenRuleIsCaught, LatentEnergySign) {
  AcceptanceRules rules;
  rules.symmetric = [](Weights o, Weights n) { return (n.h - o.h) + n.log_det - o.log_det; };
  expect_caught(rules, {"latent sigma 0.7"}, 100000);
}
TEST(BrokenRuleIsCaught, LatentLogDetDropped) {
  AcceptanceRules rules;
  rules.symmetric = [](Weights o, Weights n) { return -(n.h - o.h); };
  expect_caught(rules, {"latent sigma 0.7"});
}
TEST(BrokenRuleIsCaught, LatentLogDetSign) {
  AcceptanceRules rules;
  rules.symmetric = [](Weights o, Weights n) { return -(n.h - o.h) - n.log_det + o.log_det; };
  expect_caught(rules, {"latent sigma 0.7"});
}
TEST(BrokenRuleIsCaught, PreconditionedPriorDropped) {
  AcceptanceRules rules;
  rules.prior_reversible = mcmc::symmetric;
  expect_caught(rules, {"pcn 0.5"});
}
TEST(BrokenRuleIsCaught, PreconditionedLogDetDropped) {
  AcceptanceRules rules;
  rules.prior_reversible = [](Weights o, Weights n) {
    return -(n.h - o.h) + o.log_prior - n.log_prior;
  };
  expect_caught(rules, {"pcn 0.5"});
}
TEST(BrokenRuleIsCaught, MultitryUniformChoice) {
  AcceptanceRules rules;
  rules.choose_by_weight = [](const double *, int64_t count, double uniform) {
    return static_cast<int64_t>(uniform * static_cast<double>(count));
  };
  expect_caught(rules, {"multitry 8"});
}
TEST(BrokenRuleIsCaught, MultitryCurrentLeftOut) {
  AcceptanceRules rules;
  rules.choose_by_weight = [](const double *weights, int64_t count, double uniform) {
    return 1 + mcmc::choose_by_weight(weights + 1, count - 1, uniform);
  };
  expect_caught(rules, {"multitry 8"});
}

/// A flow that lies about its log-det biases the chain just as a broken rule does.
class LyingFlow : public Flow {
 public:
  explicit LyingFlow(Flow &flow) : flow_(flow) {}
  void forward(int64_t batch, const double *u, const Temperatures &t, double *v,
               double *log_det) override {
    flow_.forward(batch, u, t, v, log_det);
    std::fill(log_det, log_det + batch, 0.0);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &t, double *u,
               double *log_det) override {
    flow_.inverse(batch, v, t, u, log_det);
    std::fill(log_det, log_det + batch, 0.0);
  }

 private:
  Flow &flow_;
};

TEST(ChooseByWeight, SkipsWhatHasNoWeight) {
  const double weights[4] = {-INFINITY, NAN, 0.0, -INFINITY};
  for (const double uniform : {1e-9, 0.5, 1.0 - 1e-9})
    EXPECT_EQ(mcmc::choose_by_weight(weights, 4, uniform), 2);
  EXPECT_EQ(mcmc::choose_by_weight(weights, 2, 0.5), -1);
}

TEST(Accept, NeverNaN) {
  EXPECT_FALSE(mcmc::accept(NAN, 1e-300));
  EXPECT_FALSE(mcmc::accept(-INFINITY, 1e-300));
  EXPECT_TRUE(mcmc::accept(INFINITY, 0.999));
  EXPECT_TRUE(mcmc::accept(0.0, 0.999));
}

/// An energy that is NaN or infinite in half of space: counted, never accepted.
TEST(NotFinite, RejectedAndCounted) {
  class HalfSpace : public Target {
   public:
    double energy(const double *x) override {
      if (x[0] > 0.5) return NAN;
      return x[1] > 0.5 ? INFINITY
                        : x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3] + x[4] * x[4];
    }
  } target;
  for (const char *move : {"independence", "latent sigma 0.5", "multitry 3", "pcn 0.5"}) {
    auto map = flow(false);
    mcmc::FlowSampler sampler(map, target, {5, false, true, 1.0}, make_moves({move}), 16, {5, 0});
    const std::vector<double> start(5, 0.0);
    sampler.set_state(start.data(), 0.0, 2.0);
    for (int i = 0; i < 2000; i++) {
      sampler.attempt();
      ASSERT_LE(sampler.x()[0], 0.5);
      ASSERT_LE(sampler.x()[1], 0.5);
    }
    EXPECT_GT(sampler.counters().not_finite, 100u);
    EXPECT_GT(sampler.counters().accepts, 100u);
  }
}

/// Stopping anywhere, also inside a block of proposals, and going on from a checkpoint changes
/// nothing.
TEST(Checkpoint, ContinuesToTheLastBit) {
  const auto system = reference::random_multi_well(5, 7);
  const Lines moves{"independence", "latent sigma 0.5", "multitry 3"};
  MultiWellTarget target(system);
  const std::vector<double> start(5, 0.1);
  auto map = flow(true);
  mcmc::FlowSampler whole(map, target, {5, true, true, 1.0}, make_moves(moves), 16, {11, 3});
  whole.set_state(start.data(), system.energy(start.data()), 1.0);
  mcmc::FlowSampler first(map, target, {5, true, true, 1.0}, make_moves(moves), 16, {11, 3});
  first.set_state(start.data(), system.energy(start.data()), 1.0);
  for (int i = 0; i < 1000; i++) whole.attempt();
  for (int i = 0; i < 507; i++) first.attempt();
  mcmc::FlowSampler second(map, target, {5, true, true, 1.0}, make_moves(moves), 16, {11, 3});
  second.restart({11, 3}, first.record().checkpoint());
  second.set_state(first.x(), first.energy(), 1.0);
  for (int i = 507; i < 1000; i++) second.attempt();
  for (int i = 0; i < 5; i++) EXPECT_EQ(second.x()[i], whole.x()[i]);
  EXPECT_EQ(second.counters().accepts, whole.counters().accepts);
  EXPECT_EQ(second.counters().move_accepts, whole.counters().move_accepts);
  EXPECT_EQ(second.record().importance.fraction(), whole.record().importance.fraction());
}

TEST(BrokenFlowIsCaught, LogDetDropped) {
  auto map = flow(true);
  LyingFlow lying(map);
  const auto system = reference::random_multi_well(5, 7);
  const reference::ExactMultiWell exact(system, tau);
  MultiWellTarget target(system);
  mcmc::FlowSampler sampler(lying, target, {5, true, true, 1.0}, make_moves({"latent sigma 0.7"}),
                            32, {1, 0});
  std::vector<double> start(5), frames;
  RandomStream random(99, 0, 0, Purpose::sample);
  exact.sample(random, start.data());
  sampler.set_state(start.data(), system.energy(start.data()), tau);
  for (int64_t i = 0; i < 200000; i++) {
    sampler.attempt();
    if (i % 5 == 0) frames.insert(frames.end(), sampler.x(), sampler.x() + 5);
  }
  double largest = 0.0;
  for (const auto &o : reference::compare(system, exact, frames))
    largest = std::max(largest, std::fabs(o.z()));
  EXPECT_GT(largest, 6.0);
}

} // namespace
