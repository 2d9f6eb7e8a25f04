#include "tempering/tempering.h"

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "mcmc/acceptance.h"
#include "tempering/ladder.h"

#include <string>

namespace nflow::tempering {

namespace {

// What a restart file begins with. Temperatures, replicas and statistics of pairs come behind it.
enum Head {
  form_of_file,
  partitions, // 0: before the first run
  partition,
  seed,
  step,
  scans,
  sampled_scans,
  tuning,
  evaluations,
  pairs_of_partners,
  every,
  tune_scans,
  seconds,
  head_size
};
constexpr double form = 1.0;

HotEnd hot_end(const std::vector<double> &temperatures) {
  return temperatures.back() > temperatures.front() ? HotEnd::last : HotEnd::first;
}

void require_order(const std::vector<double> &temperatures) {
  const bool ascending = temperatures[1] > temperatures[0];
  for (size_t i = 0; i + 1 < temperatures.size(); i++) {
    const double a = temperatures[i], b = temperatures[i + 1];
    if (same_temperature(a, b))
      throw Error("partitions " + std::to_string(i) + " and " + std::to_string(i + 1) +
                  " have the same temperature " + number(a, 10) + ": give each one of its own");
    if ((b > a) != ascending)
      throw Error("the temperatures are not in order: " + number(b, 10) + " of partition " +
                  std::to_string(i + 1) + " comes after " + number(a, 10) +
                  "; sort them, ascending or descending");
  }
}

std::string whole(double number) {
  return std::to_string(static_cast<int64_t>(number));
}

} // namespace

Tempering::Tempering(int count, const Plan &plan)
    : count_(count), plan_(plan), tuning_(plan.tune_scans > 0),
      statistics_(possible_pairs(plan.scheme, count).size()) {}

void Tempering::begin(const std::vector<double> &temperatures) {
  require_order(temperatures);
  if (has_ladder()) return require_same_ladder(temperatures);
  temperatures_ = temperatures;
  replicas_.emplace(count_, hot_end(temperatures));
}

void Tempering::require_same_ladder(const std::vector<double> &temperatures) const {
  for (int i = 0; i < count_; i++) {
    const bool tuned = plan_.tune_scans > 0 && i > 0 && i < count_ - 1;
    if (!tuned && !same_temperature(temperatures[i], temperatures_[i]))
      throw Error("partition " + std::to_string(i) + " has the temperature " +
                  number(temperatures[i], 10) + ", its restart file " +
                  number(temperatures_[i], 10) + ": continue with the same ladder");
  }
}

std::vector<std::pair<int, int>> Tempering::pairs() const {
  return pairs_of_scan(plan_.scheme, count_, scans_, plan_.key);
}

std::vector<ExchangeAttempt> Tempering::decide(int64_t step, const std::vector<Works> &works) {
  std::vector<ExchangeAttempt> attempts;
  for (const auto &[i, j] : pairs()) {
    const auto &[work_ij, work_ji] = works[attempts.size()];
    const size_t pair = index_of_pair(plan_.scheme, count_, i, j);
    RandomStream random(plan_.key, static_cast<uint32_t>(pair), scans_, Purpose::exchange);
    const bool accepted = mcmc::accept(plan_.rule(work_ij, work_ji), random.uniform());
    statistics_[pair].add(work_ij, work_ji, accepted);
    attempts.push_back({step, static_cast<int64_t>(scans_), i, j, work_ij, work_ji, accepted,
                        replicas_->replica_at(i), replicas_->replica_at(j)});
    if (accepted) replicas_->swap(i, j);
  }
  replicas_->record();
  scans_++;
  sampled_scans_++;
  return attempts;
}

bool Tempering::tune() {
  const uint64_t part = plan_.tune_scans / 8;
  const bool last = scans_ >= plan_.tune_scans;
  const bool now = last || scans_ == part || scans_ == 2 * part || scans_ == 4 * part;
  if (!tuning_ || !now) return false;
  temperatures_ = equal_rejection_ladder(temperatures_, rejections(), count_);
  forget_statistics();
  tuning_ = !last;
  return true;
}

/// Of the ladder before; the replicas stay where they are.
void Tempering::forget_statistics() {
  statistics_.assign(statistics_.size(), PairStatistics());
  sampled_scans_ = 0;
  std::vector<int> places;
  for (int i = 0; i < count_; i++) places.push_back(replicas_->replica_at(i));
  replicas_.emplace(count_, hot_end(temperatures_), places);
}

std::vector<double> Tempering::rejections() const {
  std::vector<double> list;
  for (int i = 0; i + 1 < count_; i++)
    list.push_back(statistics_[index_of_pair(plan_.scheme, count_, i, i + 1)].mean_rejection());
  return list;
}

double Tempering::barrier() const {
  return global_barrier(rejections());
}

double Tempering::acceptance() const {
  double attempts = 0.0, accepts = 0.0;
  for (const auto &pair : statistics_) {
    attempts += static_cast<double>(pair.attempts());
    accepts += static_cast<double>(pair.accepts());
  }
  return attempts > 0.0 ? accepts / attempts : 0.0;
}

uint64_t Tempering::not_finite() const {
  uint64_t sum = 0;
  for (const auto &pair : statistics_) sum += pair.not_finite();
  return sum;
}

std::vector<double> Tempering::save(const RunFacts &run) const {
  std::vector<double> numbers(Head::head_size);
  numbers[Head::form_of_file] = form;
  numbers[Head::partitions] = has_ladder() ? count_ : 0;
  numbers[Head::partition] = run.partition;
  numbers[Head::seed] = run.seed;
  numbers[Head::step] = static_cast<double>(run.step);
  numbers[Head::scans] = static_cast<double>(scans_);
  numbers[Head::sampled_scans] = static_cast<double>(sampled_scans_);
  numbers[Head::tuning] = tuning_ ? 1.0 : 0.0;
  numbers[Head::evaluations] = static_cast<double>(run.evaluations);
  numbers[Head::pairs_of_partners] = static_cast<double>(statistics_.size());
  numbers[Head::every] = run.every;
  numbers[Head::tune_scans] = static_cast<double>(plan_.tune_scans);
  numbers[Head::seconds] = run.seconds;
  if (!has_ladder()) return numbers;
  numbers.insert(numbers.end(), temperatures_.begin(), temperatures_.end());
  const auto replicas = replicas_->state();
  numbers.push_back(static_cast<double>(replicas.size()));
  numbers.insert(numbers.end(), replicas.begin(), replicas.end());
  for (const auto &pair : statistics_) pair.append_state(numbers);
  return numbers;
}

void Tempering::require_this_run(const double *head, const RunFacts &run) const {
  if (static_cast<int>(head[Head::partitions]) != count_)
    throw Error("the restart file is of a run with " + whole(head[Head::partitions]) +
                " partitions, this one has " + std::to_string(count_) + ": use as many");
  if (static_cast<int>(head[Head::partition]) != run.partition)
    throw Error("the restart file is that of partition " + whole(head[Head::partition]) +
                ": let every partition read its own file");
  if (static_cast<int>(head[Head::seed]) != run.seed)
    throw Error("the restart file is of a run with seed " + whole(head[Head::seed]) +
                ": give the same seed to continue it");
  if (static_cast<int64_t>(head[Head::step]) != run.step)
    throw Error("the restart file is of step " + whole(head[Head::step]) + ", but this is step " +
                std::to_string(run.step) +
                ": give the fix right after read_restart, and do not reset the timestep");
  if (static_cast<int>(head[Head::every]) != run.every ||
      static_cast<uint64_t>(head[Head::tune_scans]) != plan_.tune_scans)
    throw Error("the restart file is of a run with N = " + whole(head[Head::every]) + " and tune " +
                whole(head[Head::tune_scans]) + ": give the same (0: no tune) to continue it");
  if (static_cast<size_t>(head[Head::pairs_of_partners]) != statistics_.size())
    throw Error("the restart file is of a run with other partners: give the same keyword to "
                "continue it");
}

bool Tempering::load(const double *numbers, RunFacts &run) {
  const double *head = numbers;
  if (head[Head::form_of_file] != form)
    throw Error("the restart file is of another version of this fix: start without its state");
  if (head[Head::partitions] == 0.0) return false;
  require_this_run(head, run);
  run.evaluations = static_cast<uint64_t>(head[Head::evaluations]);
  run.seconds = head[Head::seconds];
  scans_ = static_cast<uint64_t>(head[Head::scans]);
  sampled_scans_ = static_cast<uint64_t>(head[Head::sampled_scans]);
  tuning_ = head[Head::tuning] != 0.0;
  numbers += Head::head_size;
  temperatures_.assign(numbers, numbers + count_);
  numbers += count_;
  const auto size = static_cast<size_t>(*numbers++);
  replicas_.emplace(count_, hot_end(temperatures_));
  replicas_->set_state(std::vector<double>(numbers, numbers + size));
  numbers += size;
  for (auto &pair : statistics_) pair.set_state(numbers);
  return true;
}

} // namespace nflow::tempering
