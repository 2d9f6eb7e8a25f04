#include "mcmc/batch_cost.h"

#include "base/stopwatch.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

BatchTrial::BatchTrial(Flow &flow, const Space &space, Arrays &arrays, int64_t points)
    : flow_(flow), space_(space), arrays_(arrays), points_(points),
      v_(arrays, points * space.size()), u_(arrays, points * space.size()),
      out_(arrays, points * space.size()), log_det_(points), batch_log_det_(points) {}

double BatchTrial::call_cost() const {
  const double point = (whole_ - single_) / static_cast<double>(points_ - 1);
  constexpr double most = 64.0;
  return point > 0.0 ? std::min(most, std::max(0.0, single_ - point) / point) : most;
}

void BatchTrial::run(const double *x, const Temperatures &tau, const Streams &streams) {
  independent_ = true;
  single_ = whole_ = 0.0;
  draw(x, tau, streams);
  map(&Flow::inverse, tau, v_, u_);
  if (space_.gaussian_prior) perturb(tau, streams);
  map(&Flow::forward, tau, u_, v_);
}

/// The configuration, with other momenta each time.
void BatchTrial::draw(const double *x, const Temperatures &tau, const Streams &streams) {
  const int64_t m = space_.coordinates;
  RandomStream random = streams.of(0, Purpose::check);
  const double width = std::sqrt(space_.momentum_variance(tau.target));
  for (int64_t i = 0; i < points_; i++) {
    double *point = v_.data() + i * space_.size();
    copy(arrays_, x, m, point);
    if (space_.auxiliary) arrays_.fill_gaussian(random, width, m, point + m);
  }
}

/// Without momenta all points are the same so far.
void BatchTrial::perturb(const Temperatures &tau, const Streams &streams) {
  RandomStream random = streams.of(1, Purpose::check);
  arrays_.fill_gaussian(random, 0.1 * std::sqrt(tau.prior), u_.size(), out_.data());
  for (int64_t i = 0; i < points_; i++) {
    const int64_t first = i * space_.size() + space_.carried;
    arrays_.add_scaled(1.0, u_.data() + first, out_.data() + first, space_.size() - space_.carried,
                       u_.data() + first);
  }
}

double BatchTrial::timed(Map direction, const Temperatures &tau, int64_t count,
                         const double *from) {
  double seconds = 0.0;
  {
    const Stopwatch watch(seconds);
    (flow_.*direction)(count, from, tau, out_.data(), log_det_.data());
  }
  return seconds;
}

/// Whether `count` points in out_ are those of the batch from `first` on.
bool BatchTrial::as_in_batch(int64_t first, int64_t count, const double *batch) const {
  const double *theirs = batch + first * space_.size();
  return arrays_.largest_difference({1}, out_.data(), theirs, count * space_.size()) == 0.0 &&
         std::equal(log_det_.begin(), log_det_.begin() + count, batch_log_det_.begin() + first);
}

/// All points at once, one by one, and a few.
void BatchTrial::map(Map direction, const Temperatures &tau, const Buffer<double> &from,
                     Buffer<double> &to) {
  constexpr int repeats = 3;
  double single = HUGE_VAL, whole = HUGE_VAL;
  for (int i = 0; i < repeats; i++)
    whole = std::min(whole, timed(direction, tau, points_, from.data()));
  copy(arrays_, out_.data(), out_.size(), to.data());
  batch_log_det_ = log_det_;
  for (int64_t i = 0; i < points_; i++) {
    const double *point = from.data() + i * space_.size();
    single = std::min(single, timed(direction, tau, 1, point));
    independent_ = independent_ && as_in_batch(i, 1, to.data());
  }
  for (const int64_t few : {3, 16}) { // fewer than and as many as loops over batches may be wide
    if (few >= points_) continue;
    timed(direction, tau, few, from.data());
    independent_ = independent_ && as_in_batch(0, few, to.data());
  }
  single_ += single;
  whole_ += whole;
}

} // namespace nflow::mcmc
