// Attempts that share calls of the flow make the decisions that they would make one by one, and go
// to the same places to the bit.

#include "mcmc/sampler.h"
#include "statistics/toy_flows.h"
#include "support/moves.h"
#include "unit/moves_case.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

namespace {

using namespace nflow;
using mcmc::PrefetchDepth;
using tests::make_moves;
using tests::Ring;
using Lines = std::vector<std::string>; // of moves, as in an input script

constexpr int attempts = 600;

/// Counts what another flow is asked for. With `mixes`, results depend on the size of the batch, as
/// sums of tensors may: by 1e-9, which shows which batches there were.
class Watched : public Flow {
 public:
  explicit Watched(Flow &flow, bool mixes = false) : flow_(flow), mixes_(mixes) {}
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    flow_.forward(batch, u, tau, v, log_det);
    count(batch, log_det);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override {
    flow_.inverse(batch, v, tau, u, log_det);
    count(batch, log_det);
  }
  bool has_masked() const override { return flow_.has_masked(); }
  void forward_masked(int64_t batch, const double *u, const Temperatures &tau, const uint8_t *mask,
                      double *v, double *log_det) override {
    flow_.forward_masked(batch, u, tau, mask, v, log_det);
  }
  void inverse_masked(int64_t batch, const double *v, const Temperatures &tau, const uint8_t *mask,
                      double *u, double *log_det) override {
    flow_.inverse_masked(batch, v, tau, mask, u, log_det);
  }

  int64_t calls = 0, points = 0;

 private:
  void count(int64_t batch, double *log_det) {
    calls++;
    points += batch;
    if (mixes_)
      for (int64_t b = 0; b < batch; b++) log_det[b] += 1e-9 * static_cast<double>(batch);
  }

  Flow &flow_;
  bool mixes_;
};

/// What attempts have decided, one after the other.
struct Trajectory {
  std::vector<double> x, numbers; // of all attempts
  std::vector<bool> accepted;
  std::vector<double> end; // Record::checkpoint() but for what it says of batches
  int64_t calls = 0;

  void add(const mcmc::FlowSampler &sampler, bool moved, int64_t coordinates) {
    accepted.push_back(moved);
    x.insert(x.end(), sampler.x(), sampler.x() + coordinates);
    const auto &record = sampler.record();
    for (const double number : {sampler.energy(), record.energy_change, record.log_acceptance})
      numbers.push_back(std::isnan(number) ? -1e300 : number);
  }
  void expect_same_decisions(const Trajectory &other) const {
    EXPECT_EQ(accepted, other.accepted);
    EXPECT_EQ(x, other.x);
    EXPECT_EQ(numbers, other.numbers);
    EXPECT_EQ(end, other.end);
  }
};

std::vector<double> without_batches(std::vector<double> checkpoint) {
  checkpoint.resize(checkpoint.size() - 2);
  return checkpoint;
}

/// A chain that can be made again and again.
struct Setting {
  std::function<std::unique_ptr<Flow>()> make_flow;
  std::function<double(const double *)> energy;
  Target *target;
  mcmc::Space space;
  Lines moves;
  std::vector<double> start;
  Temperatures tau;
};

const PrefetchDepth one{1, false}, two{2, false}, seven{7, false}, sixteen{16, false},
    follows{PrefetchDepth::most, true};

template <class Change>
Trajectory run(const Setting &setting, const PrefetchDepth &depth, const Change &change) {
  const auto flow = setting.make_flow();
  Watched watched(*flow);
  mcmc::FlowSampler sampler(watched, *setting.target, setting.space,
                            make_moves(setting.moves, tests::frames_of_ring(300)), 16, {2024, 1});
  sampler.set_prefetch(depth);
  sampler.set_state(setting.start.data(), setting.energy(setting.start.data()), setting.tau);
  Trajectory result;
  for (int i = 0; i < attempts; i++) {
    change(sampler, i);
    const bool moved = sampler.attempt();
    result.add(sampler, moved, setting.space.coordinates);
  }
  result.end = without_batches(sampler.record().checkpoint());
  result.calls = watched.calls;
  return result;
}

template <class Change>
void compare(const Setting &setting, const Change &change) {
  const auto reference = run(setting, one, change);
  const auto accepts = std::count(reference.accepted.begin(), reference.accepted.end(), true);
  EXPECT_GT(accepts, 5);
  EXPECT_LT(accepts, attempts);
  for (const auto &depth : {two, seven, sixteen, follows}) {
    SCOPED_TRACE(depth.largest);
    const auto prefetched = run(setting, depth, change);
    prefetched.expect_same_decisions(reference);
    EXPECT_LE(prefetched.calls, reference.calls);
  }
}

void compare(const Setting &setting) {
  compare(setting, [](mcmc::FlowSampler &, int) {});
}

Setting wells(bool auxiliary, const Lines &moves, double tau = 0.5) {
  static tests::WellTarget target;
  return {
      [auxiliary] { return std::make_unique<tests::ToyFlow>(target.system, auxiliary, 1.6, 0.7); },
      [](const double *x) { return target.energy(x); },
      &target,
      {5, auxiliary, true, 1.0},
      moves,
      std::vector<double>(5, 0.1),
      tau};
}

Setting ring(bool auxiliary, const Lines &moves) {
  static tests::RingTarget target;
  return {[auxiliary]() -> std::unique_ptr<Flow> {
            if (auxiliary) return std::make_unique<tests::RingFlow>(0.15, 0.1, 0.9, -0.05);
            return std::make_unique<tests::RingShifts>();
          },
          [](const double *x) { return Ring::energy(x); },
          &target,
          tests::ring_space(auxiliary),
          moves,
          {0.0, 1.0, 2.0, 3.0},
          Temperatures(2.0, 0.8)};
}

const Lines well_moves{"independence", "multitry 4", "latent sigma 0.7", "pcn 0.5",
                       "latent sigma 0.2 weight 3"};
const std::string excursion = "excursion steps 4 timestep 0.2 repeat 2";
const Lines ring_moves{"mapped reservoir hot", excursion, excursion + " local 1",
                       excursion + " local 3"};

TEST(Prefetch, DecidesAsOneByOneWithAGaussianPrior) {
  for (const bool auxiliary : {false, true}) {
    SCOPED_TRACE(auxiliary);
    for (const auto &move : well_moves) compare(wells(auxiliary, {move}));
    compare(wells(auxiliary, well_moves));
  }
}

TEST(Prefetch, DecidesAsOneByOneWithABoltzmannPrior) {
  for (const bool auxiliary : {false, true}) {
    SCOPED_TRACE(auxiliary);
    for (const auto &move : ring_moves) compare(ring(auxiliary, {move}));
    compare(ring(auxiliary, ring_moves));
  }
}

/// What has been prepared is of another configuration, or of another temperature, then.
TEST(Prefetch, ForgetsWhatSomebodyElseHasChanged) {
  for (const bool auxiliary : {false, true})
    for (const bool alone : {false, true}) { // or says so
      const auto setting = wells(auxiliary, well_moves, 0.3);
      compare(setting, [&](mcmc::FlowSampler &sampler, int i) {
        if (i % 10 != 0) return;
        if (i % 20 == 0) sampler.x()[i % 5] += 0.01;
        const double tau = i % 30 == 0 ? 0.3 : 0.4;
        sampler.set_state(setting.energy(sampler.x()), tau, {10, alone});
      });
    }
}

TEST(Prefetch, SharesCallsOfTheFlow) {
  for (const bool auxiliary : {false, true}) {
    const auto setting = wells(auxiliary, {"latent sigma 0.7"}, 0.05);
    const auto calls = [&](const PrefetchDepth &depth) {
      return run(setting, depth, [](mcmc::FlowSampler &, int) {}).calls;
    };
    EXPECT_GT(calls(one), attempts);
    EXPECT_LT(calls(sixteen), calls(one) / 5);
    EXPECT_LT(calls(follows), calls(one) / 5);
  }
}

/// Attempts that never succeed, so that batches are as long as they may be.
struct Blocked {
  class Nowhere : public Target {
   public:
    double energy(const double *) override { return INFINITY; }
  } target;
  tests::WellTarget wells;
  tests::ToyFlow flow{wells.system, true, 1.6, 0.7};
  Watched watched{flow};
  mcmc::FlowSampler sampler{
      watched, target, {5, true, true, 1.0}, make_moves({"latent sigma 0.1"}), 16, {2024, 1}};
  std::vector<double> x = std::vector<double>(5, 0.1);

  void call(const mcmc::Call &call) {
    sampler.set_state(x.data(), 0.0, 1.0, call);
    for (uint64_t i = 0; i < call.attempts; i++) EXPECT_FALSE(sampler.attempt());
  }
};

TEST(Prefetch, EndsWithACall) {
  Blocked chain;
  chain.sampler.set_prefetch(sixteen);
  for (int i = 0; i < 8; i++) chain.call({10, false});
  EXPECT_EQ(chain.watched.calls, 2 * 8);
  EXPECT_EQ(chain.watched.points, 2 * 80);
}

TEST(Prefetch, GoesOnOverCallsWhereNothingElseMoves) {
  Blocked chain;
  chain.sampler.set_prefetch(sixteen);
  for (int i = 0; i < 8; i++) chain.call({10, true});
  EXPECT_EQ(chain.watched.calls, 2 * 80 / 16);
  EXPECT_EQ(chain.watched.points, 2 * 80);
  chain.call({1, true});
  chain.x[4] = std::nextafter(chain.x[4], 1.0);
  chain.call({1, true});
  EXPECT_EQ(chain.watched.calls, 2 * (80 / 16 + 2));
}

/// Wherever a run is interrupted it goes on to the last bit, even if the results of a flow depend
/// on the batch: batches are made whole again.
TEST(Prefetch, ARestartInTheMiddleOfABatchChangesNothing) {
  constexpr int calls = 60;
  const mcmc::Call call{5, true};
  for (const bool auxiliary : {false, true})
    for (const auto &depth : {seven, follows}) {
      const auto setting = wells(auxiliary, well_moves, 0.1);
      const auto flow = setting.make_flow();
      Watched mixing(*flow, true);
      const auto make = [&] {
        auto sampler = std::make_unique<mcmc::FlowSampler>(mixing, *setting.target, setting.space,
                                                           make_moves(setting.moves), 16,
                                                           mcmc::Streams{2024, 1});
        sampler->set_prefetch(depth);
        return sampler;
      };
      const auto make_call = [&](mcmc::FlowSampler &sampler, const std::vector<double> &x) {
        sampler.set_state(x.data(), setting.energy(x.data()), setting.tau, call);
        for (uint64_t i = 0; i < call.attempts; i++) sampler.attempt();
        return std::vector<double>(sampler.x(), sampler.x() + x.size());
      };
      const auto whole = make();
      auto x = setting.start;
      int inside = 0;
      for (int k = 0; k < calls; k++) {
        const auto checkpoint = whole->record().checkpoint();
        const auto &record = whole->record();
        if (record.shared_end > record.counters.attempts) inside++;
        auto restarted = make();
        restarted->restart({2024, 1}, checkpoint);
        auto x_again = x;
        x = make_call(*whole, x);
        x_again = make_call(*restarted, x_again);
        ASSERT_EQ(x_again, x) << "call " << k;
        ASSERT_EQ(restarted->record().checkpoint(), whole->record().checkpoint()) << "call " << k;
      }
      EXPECT_GT(inside, calls / 4);
      EXPECT_GT(whole->counters().accepts, 5u);
    }
}

TEST(Prefetch, RestartsFromFilesOfOlderVersions) {
  mcmc::Record record(2), older(2);
  record.add_attempt(0, true, 0.5);
  record.add_attempt(1, false, -1.0);
  auto numbers = record.checkpoint();
  numbers.resize(numbers.size() - 3); // which they do not have
  older.restore(numbers);
  EXPECT_EQ(older.counters.move_accepts, record.counters.move_accepts);
  EXPECT_EQ(older.counters.attempts, 2u);
  EXPECT_EQ(older.recent_acceptance, mcmc::Record(2).recent_acceptance);
  EXPECT_NE(older.recent_acceptance, record.recent_acceptance);
}

/// The cost of an attempt by playing many batches.
double played_cost(double acceptance, int64_t depth, double call_cost) {
  RandomStream random(7, 0, 0, Purpose::sample);
  double cost = 0.0, made = 0.0;
  for (int batch = 0; batch < 20000; batch++) {
    cost += call_cost + static_cast<double>(depth);
    for (int64_t i = 0; i < depth; i++) {
      made++;
      if (random.uniform() < acceptance) break;
    }
  }
  return cost / made;
}

TEST(PrefetchDepth, IsTheCheapest) {
  for (const double call_cost : {0.5, 2.0, 17.0})
    for (const double acceptance : {0.02, 0.1, 0.3, 0.7}) {
      const PrefetchDepth depth{64, true, call_cost};
      const int64_t chosen = depth.at(acceptance);
      const double cost = played_cost(acceptance, chosen, call_cost);
      for (int64_t other = 1; other <= 64; other *= 2)
        EXPECT_LT(cost, 1.02 * played_cost(acceptance, other, call_cost))
            << acceptance << ' ' << call_cost << ' ' << chosen << ' ' << other;
    }
}

/// Whose calls, and each of whose points, take a time.
class Slow : public Watched {
 public:
  Slow(Flow &flow, double call, double point) : Watched(flow), call_(call), point_(point) {}
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    wait(batch);
    Watched::forward(batch, u, tau, v, log_det);
  }

 private:
  void wait(int64_t batch) const {
    const double seconds = call_ + point_ * static_cast<double>(batch);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }

  double call_, point_; // seconds
};

TEST(BatchTrial, TellsWhatACallCosts) {
  const auto setting = wells(true, {});
  const auto flow = setting.make_flow();
  const auto call_cost = [&](double call, double point) {
    Slow slow(*flow, call, point);
    mcmc::BatchTrial trial(slow, setting.space, host_arrays(), 8);
    trial.run(setting.start.data(), setting.tau, {1, 0});
    return trial.call_cost();
  };
  EXPECT_GT(call_cost(0.02, 0.0), 16.0);
  EXPECT_LT(call_cost(0.0, 0.005), 0.5);
  const double both = call_cost(0.02, 0.005);
  EXPECT_GT(both, 2.0);
  EXPECT_LT(both, 6.0);
}

TEST(BatchTrial, SeesWhetherBatchesChangeABit) {
  for (const bool auxiliary : {false, true})
    for (const auto &setting : {wells(auxiliary, {}), ring(auxiliary, {})})
      for (const bool mixes : {false, true}) {
        const auto flow = setting.make_flow();
        Watched watched(*flow, mixes);
        mcmc::BatchTrial trial(watched, setting.space, host_arrays(), 8);
        trial.run(setting.start.data(), setting.tau, {1, 0});
        EXPECT_EQ(trial.independent(), !mixes);
      }
}

TEST(PrefetchDepth, HasBounds) {
  EXPECT_EQ(follows.at(0.0), 64);
  EXPECT_EQ(follows.at(1.0), 1);
  EXPECT_EQ((PrefetchDepth{5, true}.at(0.0)), 4);
  EXPECT_EQ((PrefetchDepth{64, true, 0.0}.at(0.01)), 1); // batches save nothing
  for (const double acceptance : {0.0, 0.3, 1.0}) EXPECT_EQ(seven.at(acceptance), 7);
}

} // namespace
