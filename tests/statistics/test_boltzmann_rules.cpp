// The moves of boltzmann-prior flows against exact averages: a ring of atoms (momenta, periodic,
// masked maps) and the multi-well (no momenta). Fixed seeds, |z| < 4; broken rules |z| > 6.

#include "mcmc/sampler.h"
#include "reference/comparison.h"
#include "statistics/ring.h"
#include "statistics/toy_flows.h"
#include "support/moves.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using mcmc::AcceptanceRules;
using mcmc::PointWeights;
using tests::make_moves;
using tests::Ring;
using Lines = std::vector<std::string>; // of moves, as in an input script

constexpr double hot = 2.0, cold = 0.8;

const std::string mapped = "mapped reservoir hot";
const std::string excursion = "excursion steps 4 timestep 0.2 repeat 2";
std::string local(int atoms) {
  return excursion + " local " + std::to_string(atoms);
}

/// What `mapped` draws from: configurations at a temperature.
mcmc::Reservoir frames_at(double tau, int64_t count, uint32_t seed = 31) {
  mcmc::Reservoir reservoir;
  reservoir.x.resize(count * Ring::n);
  RandomStream random(seed, 0, 0, Purpose::sample);
  for (int64_t i = 0; i < count; i++) {
    double *x = &reservoir.x[i * Ring::n];
    Ring::sample(random, tau, x);
    reservoir.energies.push_back(Ring::energy(x));
  }
  return reservoir;
}
const mcmc::Reservoir &hot_frames() {
  static const mcmc::Reservoir frames = frames_at(hot, 100000);
  return frames;
}

tests::RingFlow flow(bool good) {
  return good ? tests::RingFlow(0.15, 0.1, 0.9, -0.05) : tests::RingFlow(-0.2, 0.4, 1.3, 0.2);
}

struct Chain {
  double largest_z, acceptance;
  mcmc::Counters counters;
};

Chain run(bool good, const Lines &moves, int64_t attempts, const AcceptanceRules &rules = {},
          const mcmc::Reservoir &reservoir = hot_frames()) {
  auto map = flow(good);
  tests::RingTarget target;
  mcmc::FlowSampler sampler(map, target, tests::ring_space(), make_moves(moves, reservoir), 32,
                            {2026, 0}, rules);
  RandomStream random(98, 0, 0, Purpose::sample);
  std::vector<double> start(Ring::n), frames;
  Ring::sample(random, cold, start.data());
  sampler.set_state(start.data(), Ring::energy(start.data()), {hot, cold});
  for (int64_t i = 0; i < attempts; i++) {
    sampler.attempt();
    if (i % 4 == 0) frames.insert(frames.end(), sampler.x(), sampler.x() + Ring::n);
  }
  EXPECT_NEAR(sampler.energy(), Ring::energy(sampler.x()), 1e-9);
  const auto &counters = sampler.counters();
  return {Ring::largest_z(frames, cold), static_cast<double>(counters.accepts) / attempts,
          counters};
}

void expect_exact(const Lines &moves, int64_t attempts = 200000) {
  for (const bool good : {true, false}) {
    const auto chain = run(good, moves, attempts);
    EXPECT_LT(chain.largest_z, 4.0) << "good " << good;
    EXPECT_GT(chain.acceptance, 0.01) << "good " << good;
    std::printf("good %d: acceptance %.3f, largest |z| %.2f\n", good, chain.acceptance,
                chain.largest_z);
  }
}

TEST(RingExactness, Mapped) {
  expect_exact({mapped});
}
TEST(RingExactness, Excursion) {
  expect_exact({excursion});
}
TEST(RingExactness, LocalExcursions) {
  // One atom alone can never pass another on a ring, for it must stay the nearest.
  expect_exact({local(1), local(3)}, 150000);
  expect_exact({local(2)}, 150000);
}
TEST(RingExactness, Mixture) {
  expect_exact({mapped, excursion, local(2)});
}

TEST(RingCounters, TellWhatHappened) {
  const auto whole = run(true, {excursion}, 1000).counters;
  EXPECT_EQ(whole.trajectories, 2000u);
  EXPECT_GT(whole.accepted_trajectories, 500u);
  // The start at T0, two trajectories of four steps, and the end at T1.
  EXPECT_LE(whole.evaluations, 10000u);
  EXPECT_GT(whole.evaluations, 9900u);
  EXPECT_EQ(whole.not_reversible, 0u);
  EXPECT_GT(whole.rearrangements, 100u);
  EXPECT_GT(run(true, {local(2)}, 1000).counters.not_reversible, 50u);
}

using Weights = const PointWeights &;

void expect_caught(const AcceptanceRules &rules, const Lines &moves, bool good = false,
                   int64_t attempts = 200000) {
  const double z = run(good, moves, attempts, rules).largest_z;
  EXPECT_GT(z, 6.0);
  std::printf("caught at |z| = %.1f\n", z);
}

/// The rules as they would be with one mistake.
double sign_flipped(Weights o, Weights n) {
  return n.work() - o.work();
}
double log_det_dropped(Weights o, Weights n) {
  return -(n.h + n.log_prior - o.h - o.log_prior);
}
double log_det_sign(Weights o, Weights n) {
  return -(n.h + n.log_prior + n.log_det - o.h - o.log_prior - o.log_det);
}
double prior_forgotten(Weights o, Weights n) {
  return -(n.h - n.log_det - o.h + o.log_det);
}

TEST(BrokenRuleIsCaught, Mapped) {
  for (const auto rule : {sign_flipped, log_det_dropped, log_det_sign, prior_forgotten}) {
    AcceptanceRules rules;
    rules.prior_reversible = rule;
    expect_caught(rules, {mapped});
  }
}

TEST(BrokenRuleIsCaught, Excursion) {
  for (const auto rule : {sign_flipped, log_det_dropped, log_det_sign, prior_forgotten})
    for (const int atoms : {0, 2}) {
      AcceptanceRules rules;
      rules.prior_reversible = rule;
      expect_caught(rules, {atoms ? local(atoms) : excursion}, false, 400000);
    }
}

TEST(BrokenRuleIsCaught, LocalWithoutTheReversibilityCheck) {
  AcceptanceRules rules;
  rules.is_reversible = [](int64_t) { return true; };
  expect_caught(rules, {local(1)}, false, 400000);
}

TEST(BrokenReservoir, OfAnotherTemperatureIsCaught) {
  const double z = run(false, {mapped}, 200000, {}, frames_at(1.5 * hot, 20000, 32)).largest_z;
  EXPECT_GT(z, 6.0);
  std::printf("caught at |z| = %.1f\n", z);
}

/// An energy that is not finite on a part of the ring: rejected, counted, and the rest stays exact.
TEST(NotFinite, RejectedAndCounted) {
  class Torn : public tests::RingTarget {
   public:
    double energy(const double *x) override {
      return std::sin(Ring::wave * (x[0] - x[1])) > 0.9 ? NAN : Ring::energy(x);
    }
    double energy_and_forces(const double *x, double *forces) override {
      Ring::forces(x, forces);
      return std::sin(Ring::wave * (x[0] - x[1])) > 0.9 ? INFINITY : Ring::energy(x);
    }
  } target;
  const auto reservoir = frames_at(hot, 1000);
  for (const auto &move : {mapped, excursion, local(2)}) {
    auto map = flow(true);
    mcmc::FlowSampler sampler(map, target, tests::ring_space(), make_moves({move}, reservoir), 16,
                              {5, 0});
    const std::vector<double> start{0.0, 1.9, 0.9, 2.9};
    sampler.set_state(start.data(), Ring::energy(start.data()), {hot, cold});
    for (int i = 0; i < 2000; i++) {
      sampler.attempt();
      ASSERT_LE(std::sin(Ring::wave * (sampler.x()[0] - sampler.x()[1])), 0.9);
    }
    EXPECT_GT(sampler.counters().not_finite, 20u);
    EXPECT_GT(sampler.counters().accepts, 100u);
  }
}

TEST(Checkpoint, ContinuesToTheLastBit) {
  const auto moves = [reservoir = frames_at(hot, 1000)] {
    return make_moves({mapped, excursion, local(2)}, reservoir);
  };
  tests::RingTarget target;
  auto map = flow(true);
  const std::vector<double> start{0.0, 1.0, 2.0, 3.0};
  mcmc::FlowSampler whole(map, target, tests::ring_space(), moves(), 16, {11, 3});
  mcmc::FlowSampler first(map, target, tests::ring_space(), moves(), 16, {11, 3});
  mcmc::FlowSampler second(map, target, tests::ring_space(), moves(), 16, {11, 3});
  for (auto sampler : {&whole, &first})
    sampler->set_state(start.data(), Ring::energy(start.data()), {hot, cold});
  for (int i = 0; i < 1000; i++) whole.attempt();
  for (int i = 0; i < 507; i++) first.attempt();
  second.restart({11, 3}, first.record().checkpoint());
  second.set_state(first.x(), first.energy(), {hot, cold});
  for (int i = 507; i < 1000; i++) second.attempt();
  for (int64_t i = 0; i < Ring::n; i++) EXPECT_EQ(second.x()[i], whole.x()[i]);
  EXPECT_EQ(second.record().checkpoint(), whole.record().checkpoint());
}

/// ToyFlow between two boltzmann distributions, for it maps from the line of wells: no momenta.
class WellFlow : public Flow {
 public:
  WellFlow(const reference::MultiWell &system, double scale, double bend)
      : system_(system), inverse_(reference::invert(system.A)), flow_(system, false, scale, bend) {}
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    std::vector<double> y(batch * system_.dim());
    for (int64_t b = 0; b < batch; b++)
      system_.to_wells(u + b * system_.dim(), &y[b * system_.dim()]);
    flow_.forward(batch, y.data(), tau, v, log_det);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override {
    const int64_t n = system_.dim();
    std::vector<double> y(batch * n);
    flow_.inverse(batch, v, tau, y.data(), log_det);
    for (int64_t i = 0; i < batch * n; i++) {
      u[i] = 0.0;
      for (int64_t j = 0; j < n; j++) u[i] += inverse_.matrix(i % n, j) * y[i / n * n + j];
    }
  }

 private:
  const reference::MultiWell &system_;
  reference::Inverse inverse_;
  tests::ToyFlow flow_;
};

TEST(WellExactness, MappedWithoutMomenta) {
  const auto system = reference::random_multi_well(5, 7);
  const reference::ExactMultiWell hot_wells(system, 3.0), cold_wells(system, 2.0);
  class Target : public nflow::Target {
   public:
    explicit Target(const reference::MultiWell &system) : system_(system) {}
    double energy(const double *x) override { return system_.energy(x); }

   private:
    const reference::MultiWell &system_;
  } target(system);
  mcmc::Reservoir reservoir;
  RandomStream random(5, 0, 0, Purpose::sample);
  std::vector<double> x(5);
  for (int i = 0; i < 100000; i++) {
    hot_wells.sample(random, x.data());
    reservoir.x.insert(reservoir.x.end(), x.begin(), x.end());
    reservoir.energies.push_back(system.energy(x.data()));
  }
  WellFlow map(system, 1.0, 0.95);
  mcmc::FlowSampler sampler(map, target, {5, false, false, 1.0}, make_moves({mapped}, reservoir),
                            32, {77, 0});
  std::vector<double> frames;
  cold_wells.sample(random, x.data());
  sampler.set_state(x.data(), system.energy(x.data()), {3.0, 2.0});
  for (int i = 0; i < 200000; i++) {
    sampler.attempt();
    if (i % 5 == 0) frames.insert(frames.end(), sampler.x(), sampler.x() + 5);
  }
  for (const auto &o : reference::compare(system, cold_wells, frames))
    EXPECT_LT(std::fabs(o.z()), 4.0) << o.name;
  EXPECT_GT(sampler.counters().accepts, 20000u);
  EXPECT_GT(sampler.record().importance.fraction(), 0.05);
}

} // namespace
