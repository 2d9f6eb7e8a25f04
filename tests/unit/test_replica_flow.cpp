#include "base/error.h"
#include "base/random.h"
#include "tempering/replica_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

using nflow::tempering::HotEnd;
using nflow::tempering::ReplicaFlow;

namespace {

/// A random history: for each scan the replicas at the temperatures.
struct History {
  std::vector<std::vector<int>> scans;
  ReplicaFlow flow;
};

History wander(int count, HotEnd hot_end, int scans, uint32_t seed) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  History history = {{order}, ReplicaFlow(count, hot_end)};
  nflow::RandomStream random(seed, 0, 0, nflow::Purpose::sample);
  for (int s = 0; s < scans; s++) {
    for (int i = s % 2; i + 1 < count; i += 2) {
      if (random.uniform() < 0.4) continue;
      history.flow.swap(i, i + 1);
      std::swap(order[i], order[i + 1]);
    }
    history.flow.record();
    history.scans.push_back(order);
  }
  return history;
}

/// The ends that a replica visited in turn, 'h' and 'c', repetitions left out.
std::string visits(const History &history, int replica, bool hot_first) {
  std::string result;
  for (const auto &order : history.scans) {
    const bool front = order.front() == replica, back = order.back() == replica;
    if (!front && !back) continue;
    const char end = front == hot_first ? 'h' : 'c';
    if (result.empty() || result.back() != end) result += end;
  }
  return result;
}

int count_of(const std::string &text, const std::string &pattern) {
  int count = 0;
  for (size_t at = text.find(pattern); at != std::string::npos; at = text.find(pattern, at + 1))
    count++;
  return count;
}

} // namespace

TEST(ReplicaFlow, EqualsABruteForceRecount) {
  for (const int count : {2, 3, 5, 8})
    for (const HotEnd hot_end : {HotEnd::first, HotEnd::last}) {
      const auto history = wander(count, hot_end, 5000, 21);
      int64_t trips = 0, restarts = 0;
      for (int r = 0; r < count; r++) {
        const auto ends = visits(history, r, hot_end == HotEnd::first);
        EXPECT_EQ(history.flow.round_trips(r), count_of(ends, "hch"));
        EXPECT_EQ(history.flow.tempered_restarts(r), count_of(ends, "hc"));
        trips += count_of(ends, "hch");
        restarts += count_of(ends, "hc");
        EXPECT_EQ(history.flow.replica_at(history.flow.temperature_of(r)), r);
        EXPECT_EQ(history.scans.back()[history.flow.temperature_of(r)], r);
      }
      EXPECT_GT(trips, 20);
      EXPECT_EQ(history.flow.round_trips(), trips);
      EXPECT_EQ(history.flow.tempered_restarts(), restarts);
    }
}

TEST(ReplicaFlow, FractionFromHotIsThatOfTheLastEnd) {
  const auto history = wander(5, HotEnd::last, 3000, 22);
  for (int t = 0; t < 5; t++) {
    double hot = 0.0, cold = 0.0;
    std::string last(5, ' ');
    for (size_t s = 0; s < history.scans.size(); s++) {
      last[history.scans[s].front()] = 'c';
      last[history.scans[s].back()] = 'h';
      if (s == 0) continue;
      if (last[history.scans[s][t]] == 'h') hot++;
      if (last[history.scans[s][t]] == 'c') cold++;
    }
    EXPECT_DOUBLE_EQ(history.flow.fraction_from_hot(t), hot / (hot + cold));
  }
  EXPECT_EQ(history.flow.fraction_from_hot(4), 1.0);
  EXPECT_EQ(history.flow.fraction_from_hot(0), 0.0);
  EXPECT_TRUE(std::isnan(ReplicaFlow(3, HotEnd::last).fraction_from_hot(1)));
}

TEST(ReplicaFlow, TheStartAtAnEndCountsAndHalfATripDoesNot) {
  ReplicaFlow flow(2, HotEnd::last); // replica 1 is hot
  flow.swap(0, 1);
  flow.record();
  EXPECT_EQ(flow.tempered_restarts(1), 1);
  EXPECT_EQ(flow.tempered_restarts(0), 0);
  flow.swap(0, 1);
  flow.record();
  EXPECT_EQ(flow.round_trips(1), 1);
  EXPECT_EQ(flow.round_trips(0), 0); // cold -> hot -> cold
  EXPECT_EQ(flow.tempered_restarts(0), 1);
}

TEST(ReplicaFlow, GoesOnFromItsStateIdentically) {
  auto whole = wander(6, HotEnd::first, 700, 23).flow;
  ReplicaFlow restarted(6, HotEnd::first);
  restarted.set_state(whole.state());
  for (ReplicaFlow *flow : {&whole, &restarted}) {
    nflow::RandomStream random(24, 0, 0, nflow::Purpose::sample);
    for (int s = 0; s < 500; s++) {
      const int i = static_cast<int>(random.uniform() * 4.999);
      flow->swap(i, i + 1);
      flow->record();
    }
  }
  EXPECT_EQ(whole.state(), restarted.state());
}

TEST(ReplicaFlow, RefusesWhatCannotBe) {
  EXPECT_THROW(ReplicaFlow(1, HotEnd::first), nflow::Error);
  EXPECT_THROW(ReplicaFlow(3, HotEnd::first, {0, 1, 1}), nflow::Error);
  EXPECT_THROW(ReplicaFlow(3, HotEnd::first, {0, 1}), nflow::Error);
  ReplicaFlow flow(3, HotEnd::first, {2, 0, 1});
  EXPECT_EQ(flow.replica_at(0), 2);
  EXPECT_THROW(flow.set_state(ReplicaFlow(3, HotEnd::last).state()), nflow::Error);
  EXPECT_THROW(flow.set_state(ReplicaFlow(4, HotEnd::first).state()), nflow::Error);
  EXPECT_THROW(flow.set_state({}), nflow::Error);
  EXPECT_EQ(flow.replica_at(0), 2); // as before
}
