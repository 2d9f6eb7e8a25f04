#include "mcmc/record.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace nflow::mcmc {

namespace {

/// The counters that are not of one move, in the order in which a checkpoint holds them.
constexpr uint64_t Counters::*common_counters[] = {
    &Counters::attempts,       &Counters::accepts,
    &Counters::not_finite,     &Counters::not_reversible,
    &Counters::rearrangements, &Counters::evaluations,
    &Counters::trajectories,   &Counters::accepted_trajectories};

constexpr double least_compared = 2.0; // weights in an environment
constexpr double recent_attempts = 64.0;

} // namespace

void Record::begin_environment() {
  const auto count = static_cast<double>(importance.count());
  if (count >= least_compared) {
    weights_before += count;
    ess_before += count * importance.fraction();
  }
  importance = {};
}

double Record::ess() const {
  double count = static_cast<double>(importance.count()), sum = ess_before;
  if (count < least_compared) count = 0.0;
  if (count > 0.0) sum += count * importance.fraction();
  return weights_before + count > 0.0 ? sum / (weights_before + count) : 0.0;
}

void Record::add_weight(double log_weight) {
  importance.add(std::isfinite(log_weight) ? log_weight : -INFINITY);
}

void Record::add_attempt(size_t move, bool accepted, double log_acceptance) {
  counters.attempts++;
  counters.move_attempts[move]++;
  counters.accepts += accepted;
  counters.move_accepts[move] += accepted;
  timings.attempts++;
  recent_acceptance += ((accepted ? 1.0 : 0.0) - recent_acceptance) / recent_attempts;
  // Zero is that of multitry where it stays.
  if (!accepted && log_acceptance < 0.0)
    best_log_acceptance[move] = std::max(best_log_acceptance[move], log_acceptance);
}

std::vector<double> Record::checkpoint() const {
  std::vector<double> numbers{energy_change, log_acceptance};
  for (const auto counter : common_counters)
    numbers.push_back(static_cast<double>(counters.*counter));
  const auto ess = importance.state();
  numbers.insert(numbers.end(), ess.begin(), ess.end());
  numbers.push_back(weights_before);
  numbers.push_back(ess_before);
  for (size_t i = 0; i < counters.move_attempts.size(); i++) {
    numbers.push_back(static_cast<double>(counters.move_attempts[i]));
    numbers.push_back(static_cast<double>(counters.move_accepts[i]));
  }
  for (const double number :
       {recent_acceptance, static_cast<double>(shared_begin), static_cast<double>(shared_end)})
    numbers.push_back(number);
  numbers.insert(numbers.end(), carried.begin(), carried.end());
  return numbers;
}

void Record::restore(const std::vector<double> &numbers) {
  auto ess = importance.state();
  const size_t moves = counters.move_attempts.size();
  if (numbers.size() < 2 + std::size(common_counters) + ess.size() + 2) return;
  auto next = numbers.begin();
  energy_change = *next++;
  log_acceptance = *next++;
  for (const auto counter : common_counters) counters.*counter = static_cast<uint64_t>(*next++);
  for (auto &number : ess) number = *next++;
  importance.set_state(ess);
  weights_before = *next++;
  ess_before = *next++;
  auto end = numbers.end();
  const auto with_all = static_cast<std::ptrdiff_t>(2 * moves + 3 + carried.size());
  if (end - next == with_all) {
    end -= static_cast<std::ptrdiff_t>(carried.size());
    std::copy(end, numbers.end(), carried.begin());
  }
  // Files of older versions end with pairs of numbers.
  if ((end - next) % 2 != 0) {
    end -= 3;
    recent_acceptance = end[0];
    shared_begin = static_cast<uint64_t>(end[1]);
    shared_end = static_cast<uint64_t>(end[2]);
  }
  if (end - next != static_cast<std::ptrdiff_t>(2 * moves)) return;
  for (size_t i = 0; i < moves; i++) {
    counters.move_attempts[i] = static_cast<uint64_t>(*next++);
    counters.move_accepts[i] = static_cast<uint64_t>(*next++);
  }
}

} // namespace nflow::mcmc
