#include "tempering/pair_statistics.h"

#include "tempering/exchange.h"

#include <algorithm>
#include <cmath>

namespace nflow::tempering {

namespace {

constexpr size_t capacity = 16384; // of works of each direction

void halve(std::vector<double> &works) {
  for (size_t i = 0; 2 * i < works.size(); i++) works[i] = works[2 * i];
  works.resize((works.size() + 1) / 2);
}

void append(const std::vector<double> &values, std::vector<double> &numbers) {
  numbers.insert(numbers.end(), values.begin(), values.end());
}

void append(const estimators::RunningEss &ess, std::vector<double> &numbers) {
  for (const double value : ess.state()) numbers.push_back(value);
}

void take(estimators::RunningEss &ess, const double *&at) {
  auto state = ess.state();
  std::copy_n(at, state.size(), state.begin());
  at += state.size();
  ess.set_state(state);
}

} // namespace

void PairStatistics::add(double work_ij, double work_ji, bool accepted) {
  if (attempts_ % stride_ == 0) keep(work_ij, work_ji);
  attempts_++;
  accepts_ += accepted;
  const double log_acceptance = log_acceptance_exchange(work_ij, work_ji);
  if (std::isnan(log_acceptance))
    not_finite_++;
  else
    acceptance_sum_ += std::exp(std::min(0.0, log_acceptance));
  ess_ij_.add(-work_ij);
  ess_ji_.add(-work_ji);
}

void PairStatistics::keep(double work_ij, double work_ji) {
  works_ij_.push_back(work_ij);
  works_ji_.push_back(work_ji);
  if (works_ij_.size() < capacity) return;
  halve(works_ij_);
  halve(works_ji_);
  stride_ *= 2;
}

double PairStatistics::mean_acceptance() const {
  return attempts_ ? acceptance_sum_ / static_cast<double>(attempts_) : 0.0;
}

double PairStatistics::mean_rejection() const {
  return attempts_ ? 1.0 - mean_acceptance() : 0.0;
}

estimators::FreeEnergy PairStatistics::free_energy() const {
  if (estimated_at_ != attempts_ || attempts_ == 0) {
    free_energy_ = estimators::bar(works_ij_, works_ji_);
    estimated_at_ = attempts_;
  }
  return free_energy_;
}

void PairStatistics::append_state(std::vector<double> &numbers) const {
  for (const uint64_t count : {attempts_, accepts_, not_finite_, stride_, works_ij_.size()})
    numbers.push_back(static_cast<double>(count));
  numbers.push_back(acceptance_sum_);
  append(ess_ij_, numbers);
  append(ess_ji_, numbers);
  append(works_ij_, numbers);
  append(works_ji_, numbers);
}

void PairStatistics::set_state(const double *&at) {
  for (uint64_t *count : {&attempts_, &accepts_, &not_finite_, &stride_})
    *count = static_cast<uint64_t>(*at++);
  const auto kept = static_cast<size_t>(*at++);
  acceptance_sum_ = *at++;
  take(ess_ij_, at);
  take(ess_ji_, at);
  works_ij_.assign(at, at + kept);
  works_ji_.assign(at + kept, at + 2 * kept);
  at += 2 * kept;
  estimated_at_ = 0;
}

} // namespace nflow::tempering
