#include "tempering/replica_flow.h"

#include "base/error.h"

#include <cmath>
#include <numeric>
#include <string>

namespace nflow::tempering {

namespace {

int64_t sum(const std::vector<int64_t> &values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

bool is_permutation(const std::vector<int> &values) {
  std::vector<char> seen(values.size(), 0);
  for (const int v : values) {
    if (v < 0 || v >= static_cast<int>(values.size()) || seen[v]) return false;
    seen[v] = 1;
  }
  return true;
}

} // namespace

ReplicaFlow::ReplicaFlow(int temperatures, HotEnd hot_end, const std::vector<int> &replicas)
    : hot_end_(hot_end) {
  if (temperatures < 2)
    throw Error("replicas travel between at least two temperatures, not " +
                std::to_string(temperatures) + ": give a longer ladder");
  const auto count = static_cast<size_t>(temperatures);
  for (auto *counts : {&label_, &round_trips_, &restarts_, &hot_visits_, &cold_visits_})
    counts->assign(count, 0);
  std::vector<int> order(replicas);
  if (order.empty()) {
    order.resize(count);
    std::iota(order.begin(), order.end(), 0);
  }
  if (order.size() != count || !is_permutation(order))
    throw Error("the replicas at the temperatures of a ladder must be the numbers from 0 to " +
                std::to_string(temperatures - 1) +
                ", each once: correct the order of the replicas");
  place(order);
  visit_ends();
}

void ReplicaFlow::place(const std::vector<int> &replicas) {
  replica_ = replicas;
  temperature_.resize(replicas.size());
  for (int t = 0; t < temperatures(); t++) temperature_[replica_[t]] = t;
}

void ReplicaFlow::swap(int i, int j) {
  std::swap(replica_[i], replica_[j]);
  temperature_[replica_[i]] = i;
  temperature_[replica_[j]] = j;
}

void ReplicaFlow::visit_ends() {
  const bool hot_first = hot_end_ == HotEnd::first;
  const int at_hot = hot_first ? replica_.front() : replica_.back();
  const int at_cold = hot_first ? replica_.back() : replica_.front();
  if (label_[at_hot] == from_cold_after_hot) round_trips_[at_hot]++;
  label_[at_hot] = from_hot;
  if (label_[at_cold] == from_hot) {
    restarts_[at_cold]++;
    label_[at_cold] = from_cold_after_hot;
  } else if (label_[at_cold] == none) {
    label_[at_cold] = from_cold;
  }
}

void ReplicaFlow::record() {
  visit_ends();
  for (int t = 0; t < temperatures(); t++) {
    const int64_t label = label_[replica_[t]];
    if (label == from_hot) hot_visits_[t]++;
    if (label == from_cold || label == from_cold_after_hot) cold_visits_[t]++;
  }
}

int64_t ReplicaFlow::round_trips() const {
  return sum(round_trips_);
}

int64_t ReplicaFlow::tempered_restarts() const {
  return sum(restarts_);
}

double ReplicaFlow::fraction_from_hot(int temperature) const {
  const auto hot = static_cast<double>(hot_visits_[temperature]);
  const auto cold = static_cast<double>(cold_visits_[temperature]);
  return hot + cold > 0.0 ? hot / (hot + cold) : NAN;
}

std::vector<double> ReplicaFlow::state() const {
  std::vector<double> result = {static_cast<double>(temperatures()),
                                hot_end_ == HotEnd::first ? 0.0 : 1.0};
  result.insert(result.end(), replica_.begin(), replica_.end());
  for (const auto *counts : {&label_, &round_trips_, &restarts_, &hot_visits_, &cold_visits_})
    for (const int64_t count : *counts) result.push_back(static_cast<double>(count));
  return result;
}

void ReplicaFlow::set_state(const std::vector<double> &state) {
  const size_t count = replica_.size();
  const double hot = hot_end_ == HotEnd::first ? 0.0 : 1.0;
  const bool fits =
      state.size() == 2 + 6 * count && state[0] == static_cast<double>(count) && state[1] == hot;
  std::vector<int> order;
  for (size_t t = 0; fits && t < count; t++) order.push_back(static_cast<int>(state[2 + t]));
  if (!fits || !is_permutation(order))
    throw Error("the stored flow of replicas is not one of " + std::to_string(count) +
                " temperatures in this order: restart with the ladder of the first run");
  place(order);
  size_t next = 2 + count;
  for (auto *counts : {&label_, &round_trips_, &restarts_, &hot_visits_, &cold_visits_})
    for (int64_t &value : *counts) value = static_cast<int64_t>(state[next++]);
}

} // namespace nflow::tempering
