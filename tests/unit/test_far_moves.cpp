// Every move in memory that the host cannot reach makes the same decisions as on the host, and ends
// at the same places to the bit.

#include "mcmc/sampler.h"
#include "statistics/toy_flows.h"
#include "support/far_exec.h"
#include "support/moves.h"
#include "tempering/exchange.h"
#include "unit/moves_case.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::frames_of_ring;
using tests::make_moves;
using tests::Ring;
using tests::RingShifts;
using tests::WellTarget;
using Lines = std::vector<std::string>; // of moves, as in an input script

constexpr int attempts = 400;

const std::string mapped = "mapped reservoir hot";
const std::string excursion = "excursion steps 4 timestep 0.2 repeat 2";

/// Two samplers with the same moves from the same start, one of them far away.
class Twins {
 public:
  Twins(Flow &flow, Target &target, const mcmc::Space &space, const Lines &moves, bool masses)
      : space_(space), far_flow_(flow), far_target_(target, masses ? space.coordinates : 0),
        near_(flow, target, space, make_moves(moves, frames_of_ring(300)), 16, {2024, 1}),
        far_(far_flow_, far_target_, space, make_moves(moves, frames_of_ring(300)), 16, {2024, 1},
             {}, tests::far_arrays()) {}

  /// Gives a move of both another reservoir.
  void refill(size_t move, const mcmc::Reservoir &frames) {
    for (const auto *sampler : {&near_, &far_}) {
      mcmc::Reservoir &reservoir = *sampler->moves()[move].move->needs().reservoir;
      const uint64_t revision = reservoir.revision + 1;
      reservoir = frames;
      reservoir.revision = revision;
    }
  }

  void start(const std::vector<double> &x, double energy, const Temperatures &tau) {
    near_.set_state(x.data(), energy, tau);
    Buffer<double> there(tests::far_arrays());
    there.assign(x.data(), space_.coordinates);
    far_.set_state(there.data(), energy, tau);
    EXPECT_TRUE(far_.try_batches(4, tau).independent());
  }
  void run(int count) {
    std::vector<double> x(space_.coordinates);
    for (int i = 0; i < count; i++) {
      far_.set_prefetch({i % 50 < 25 ? 7 : 1, false});
      ASSERT_EQ(near_.attempt(), far_.attempt()) << "attempt " << i;
      tests::FarExec::copy_out(far_.x(), sizeof(double) * x.size(), x.data());
      ASSERT_EQ(x, std::vector<double>(near_.x(), near_.x() + x.size())) << "attempt " << i;
      ASSERT_EQ(near_.energy(), far_.energy());
      const double log_acceptance = near_.record().log_acceptance;
      if (!std::isfinite(log_acceptance)) continue;
      ASSERT_NEAR(far_.record().log_acceptance, log_acceptance,
                  1e-12 * (1.0 + std::fabs(log_acceptance)));
    }
  }
  void expect_same_counters() {
    const auto &near = near_.counters(), &far = far_.counters();
    EXPECT_EQ(near.move_accepts, far.move_accepts);
    EXPECT_EQ(near.not_finite, far.not_finite);
    EXPECT_EQ(near.not_reversible, far.not_reversible);
    EXPECT_EQ(near.rearrangements, far.rearrangements);
    EXPECT_EQ(near.evaluations, far.evaluations);
    EXPECT_EQ(near.accepted_trajectories, far.accepted_trajectories);
    EXPECT_NEAR(near_.record().importance.fraction(), far_.record().importance.fraction(), 1e-10);
    EXPECT_GT(near.accepts, 5u);
    EXPECT_LT(near.accepts, near.attempts);
  }

 private:
  mcmc::Space space_;
  tests::FarFlow far_flow_;
  tests::FarTarget far_target_;
  mcmc::FlowSampler near_, far_;
};

void compare_on_the_wells(bool auxiliary, const Lines &moves) {
  WellTarget target;
  tests::ToyFlow flow(target.system, auxiliary, 1.6, 0.7);
  Twins twins(flow, target, {5, auxiliary, true, 1.0}, moves, false);
  const std::vector<double> x(5, 0.1);
  twins.start(x, target.system.energy(x.data()), 2.0);
  twins.run(attempts);
  twins.expect_same_counters();
}

TEST(FarMoves, OfAGaussianPrior) {
  const Lines moves{"independence", "multitry 4", "latent sigma 0.7", "pcn 0.5"};
  for (const bool auxiliary : {false, true}) {
    for (const auto &one : moves) compare_on_the_wells(auxiliary, {one});
    compare_on_the_wells(auxiliary, moves);
  }
}

TEST(FarMoves, MapsOfExchanges) {
  using tempering::ExchangeMap;
  WellTarget target;
  tests::ToyFlow flow(target.system, true, 1.6, 0.7);
  tests::FarFlow far_flow(flow);
  std::vector<double> point(flow.size()), mapped(flow.size());
  RandomStream(31, 0, 0, Purpose::sample).fill_gaussian(point.data(), flow.size());
  auto &arrays = tests::far_arrays();
  Buffer<double> far_point(arrays), far_mapped(arrays, flow.size());
  far_point.assign(point.data(), flow.size());
  for (const auto kind :
       {ExchangeMap::Kind::forward, ExchangeMap::Kind::backward, ExchangeMap::Kind::latent}) {
    ExchangeMap near(kind, &flow, flow.size()), far(kind, &far_flow, flow.size(), arrays);
    EXPECT_EQ(near.map(point.data(), 0.8, 1.3, mapped.data()),
              far.map(far_point.data(), 0.8, 1.3, far_mapped.data()));
    EXPECT_EQ(far_mapped.on_host(), mapped);
  }
}

const std::vector<double> ring_start{0.0, 1.0, 2.0, 3.0};
const Temperatures ring_tau{2.0, 0.8};

TEST(FarMoves, OfABoltzmannPrior) {
  tests::RingTarget target;
  tests::RingFlow with_momenta(0.15, 0.1, 0.9, -0.05);
  RingShifts without;
  const Lines moves{mapped, excursion, excursion + " local 1", excursion + " local 3"};
  for (const bool auxiliary : {false, true}) {
    Flow &flow = auxiliary ? static_cast<Flow &>(with_momenta) : without;
    std::vector<Lines> cases{moves};
    for (const auto &one : moves) cases.push_back({one});
    for (const auto &chosen : cases) {
      Twins twins(flow, target, tests::ring_space(auxiliary), chosen, true);
      twins.start(ring_start, Ring::energy(ring_start.data()), ring_tau);
      twins.run(attempts);
      twins.expect_same_counters();
    }
  }
}

/// Reservoirs are copied to where the flow is once, and again when they have changed.
TEST(FarMoves, SeeAReservoirThatHasChanged) {
  tests::RingTarget target;
  tests::RingFlow flow(0.15, 0.1, 0.9, -0.05);
  Twins twins(flow, target, tests::ring_space(true), {mapped, mapped, excursion + " local 2"},
              true);
  twins.refill(1, frames_of_ring(200, 1));
  for (const auto &tau : {ring_tau, Temperatures(2.0, 0.9)}) { // which makes a block anew
    twins.start(ring_start, Ring::energy(ring_start.data()), tau);
    twins.run(attempts);
    twins.refill(0, frames_of_ring(300, 2));
  }
  twins.expect_same_counters();
}

TEST(FarMoves, RejectWhatIsNotFinite) {
  class HalfSpace : public Target {
   public:
    double energy(const double *x) override {
      if (x[0] > 0.5) return NAN;
      return x[1] > 0.5 ? INFINITY : x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[3] * x[3];
    }
  } target;
  WellTarget wells;
  tests::ToyFlow flow(wells.system, false, 1.6, 0.7);
  Twins twins(flow, target, {5, false, true, 1.0}, {"independence", "latent sigma 0.7"}, false);
  twins.start(std::vector<double>(5, 0.0), 0.0, 2.0);
  twins.run(attempts);
  twins.expect_same_counters();
}

TEST(FarMovesDeathTest, TheConfigurationIsOutOfReach) {
  WellTarget target;
  tests::ToyFlow flow(target.system, false, 1.6, 0.7);
  tests::FarFlow far_flow(flow);
  tests::FarTarget far_target(target);
  mcmc::FlowSampler sampler(far_flow, far_target, {5, false, true, 1.0},
                            make_moves({"independence"}), 16, {1, 0}, {}, tests::far_arrays());
  const std::vector<double> host(5, 0.1);
  EXPECT_DEATH(sampler.set_state(host.data(), 0.0, 1.0), "address of the host");
  EXPECT_DEATH(std::printf("%g", sampler.x()[0]), "");
  EXPECT_DEATH(far_target.energy(host.data()), "address of the host");
  // A flow that is not told of the far memory cannot even read its points.
  mcmc::FlowSampler wrong(flow, far_target, {5, false, true, 1.0}, make_moves({"independence"}), 16,
                          {1, 0}, {}, tests::far_arrays());
  EXPECT_DEATH(wrong.attempt(), "");
}

} // namespace
