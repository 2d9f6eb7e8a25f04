#include "mcmc/prefetch.h"

#include "base/stopwatch.h"
#include "mcmc/chain.h"
#include "mcmc/proposal_block.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

int64_t PrefetchDepth::at(double acceptance) const {
  if (!follows) return largest;
  int64_t best = 1;
  double least = HUGE_VAL;
  for (int64_t depth = 1; depth <= largest; depth *= 2) {
    // The attempts of a batch that are made end with the first one that is accepted.
    double made = 0.0, reached = 1.0;
    for (int64_t i = 0; i < depth; i++, reached *= 1.0 - acceptance) made += reached;
    const double cost = (call_cost + static_cast<double>(depth)) / made;
    if (cost < least) best = depth;
    least = std::min(least, cost);
  }
  return best;
}

Prefetch::Prefetch(Chain &chain, const Moves &moves)
    : chain_(chain), moves_(moves), images_(chain.arrays()), steps_(chain.arrays()),
      noise_(chain.arrays()) {}

void Prefetch::forget() {
  images_.made = steps_.made = false;
  begin_ = end_ = 0;
  Record &record = chain_.record();
  record.shared_begin = record.shared_end = 0;
}

void Prefetch::move() {
  forget();
  moved_ = true;
}

/// Whether what has been prepared is of this configuration and temperature.
bool Prefetch::still_holds() const {
  if (!images_.made || !(tau_ == chain_.tau())) return false;
  Arrays &arrays = chain_.arrays();
  const int64_t m = chain_.space().coordinates;
  const bool same = arrays.largest_difference({1}, images_.v.data(), chain_.x(), m) == 0.0;
  return chain_.target().agree(same) != 0;
}

void Prefetch::begin(const Call &call) {
  const Record &record = chain_.record();
  const uint64_t shared_begin = record.shared_begin, shared_end = record.shared_end;
  const bool goes_on = still_holds(), restarted = begin_ == end_;
  call_ = call;
  call_begin_ = record.counters.attempts;
  moved_ = false;
  if (goes_on) return;
  forget();
  const bool inside = shared_begin < call_begin_ && call_begin_ < shared_end;
  if (call.alone && restarted && inside &&
      shared_end - shared_begin <= static_cast<uint64_t>(depth_.largest))
    open(shared_begin, shared_end);
}

RandomStream Prefetch::random(int64_t lane, Purpose purpose) const {
  return chain_.streams().of(begin_ + lane, purpose);
}

/// Where the present attempt is among those that are prepared together.
int64_t Prefetch::lane() {
  const uint64_t attempt = chain_.record().counters.attempts;
  if (attempt < begin_ || attempt >= end_) open(attempt, end_from(attempt));
  return static_cast<int64_t>(attempt - begin_);
}

/// The end of the attempts that are to be prepared together from this one on.
uint64_t Prefetch::end_from(uint64_t attempt) const {
  auto count = static_cast<uint64_t>(depth_.at(chain_.record().recent_acceptance));
  const uint64_t made = attempt - call_begin_;
  // Where attempts have come to may be rounded before it is given back.
  const bool outlives_call = call_.alone && !moved_;
  if (!outlives_call && made < call_.attempts) count = std::min(count, call_.attempts - made);
  return attempt + count;
}

void Prefetch::open(uint64_t begin, uint64_t end) {
  begin_ = begin;
  end_ = end;
  choices_.clear();
  for (uint64_t i = begin; i < end; i++)
    choices_.push_back(choose_move(moves_, chain_.streams(), i));
  steps_.made = false;
  if (chain_.space().auxiliary) images_.made = false; // else one image serves all attempts
  if (!call_.alone || moved_) return;
  chain_.record().shared_begin = begin;
  chain_.record().shared_end = end;
}

Prefetch::Image Prefetch::image() {
  const int64_t here = lane();
  if (!images_.made) make_images();
  const int64_t row = chain_.space().auxiliary ? images_.rows[here] : 0;
  return {images_.u.data() + row * chain_.space().size(), -images_.log_det[row],
          images_.log_prior[row], momentum_squares_[row]};
}

FreshPoints Prefetch::step() {
  image();
  const int64_t here = lane();
  if (!steps_.made) make_steps();
  const int64_t row = steps_.rows[here];
  return {steps_.v.data() + row * chain_.space().size(), &weights_[row]};
}

void Prefetch::clear_plans() {
  copies_.clear();
  normals_.clear();
  starts_.clear();
  keep_.clear();
  from_.clear();
}

void Prefetch::plan_normals(RandomStream &numbers, double sigma, int64_t start) {
  normals_.push_back({numbers.take_gaussians(chain_.space().coordinates), sigma, start});
}

/// Of the rows of so many numbers that begin at starts_.
void Prefetch::sum_squares(int64_t columns, const double *values, std::vector<double> &squares) {
  squares.resize(starts_.size());
  if (!starts_.empty()) chain_.arrays().sums_of_squares(starts_, columns, values, squares.data());
}

void Prefetch::make_images() {
  const Space &space = chain_.space();
  fill_images();
  momentum_squares_.assign(images_.count, 0.0);
  if (space.auxiliary) {
    for (int64_t row = 0; row < images_.count; row++)
      starts_.push_back(row * space.size() + space.coordinates);
    sum_squares(space.coordinates, images_.v.data(), momentum_squares_);
  }
  images_.log_det.resize(images_.count);
  images_.u.resize(images_.count * space.size());
  {
    const Stopwatch watch(chain_.record().timings.flow);
    chain_.flow().inverse(images_.count, images_.v.data(), chain_.tau(), images_.u.data(),
                          images_.log_det.data());
  }
  find_log_prior(images_);
  images_.made = true;
  tau_ = chain_.tau();
}

void Prefetch::fill_images() {
  const Space &space = chain_.space();
  const int64_t m = space.coordinates, lanes = static_cast<int64_t>(choices_.size());
  const double width = std::sqrt(space.momentum_variance(chain_.tau().target));
  clear_plans();
  images_.rows.assign(lanes, none);
  images_.count = 0;
  for (int64_t i = 0; i < (space.auxiliary ? lanes : 1); i++) {
    if (space.auxiliary && move_of(i).needs().local > 0) continue; // which maps its atoms itself
    const int64_t start = images_.count * space.size();
    images_.rows[i] = images_.count++;
    copies_.push_back({0, start});
    if (!space.auxiliary) continue;
    RandomStream numbers = random(i, Purpose::auxiliary);
    plan_normals(numbers, width, start + m);
  }
  images_.v.resize(images_.count * space.size());
  chain_.arrays().copy_rows(copies_, m, chain_.x(), images_.v.data());
  if (!normals_.empty()) chain_.arrays().fill_gaussian(normals_, m, images_.v.data());
}

void Prefetch::make_steps() {
  const Space &space = chain_.space();
  fill_steps();
  steps_.log_det.resize(steps_.count);
  steps_.v.resize(steps_.count * space.size());
  {
    const Stopwatch watch(chain_.record().timings.flow);
    chain_.flow().forward(steps_.count, steps_.u.data(), chain_.tau(), steps_.v.data(),
                          steps_.log_det.data());
  }
  {
    const Stopwatch watch(chain_.record().timings.energy);
    chain_.target().prepare(steps_.count, steps_.v.data(), space.size());
  }
  find_log_prior(steps_);
  weights_.resize(steps_.count);
  for (int64_t row = 0; row < steps_.count; row++)
    weights_[row] = {0.0, steps_.log_prior[row], steps_.log_det[row]};
  steps_.made = true;
}

void Prefetch::fill_steps() {
  const Space &space = chain_.space();
  const int64_t m = space.coordinates, size = space.size();
  const auto lanes = static_cast<int64_t>(choices_.size());
  Arrays &arrays = chain_.arrays();
  clear_plans();
  steps_.rows.assign(lanes, none);
  steps_.count = 0;
  for (int64_t i = 0; i < lanes; i++) {
    LatentStep step;
    if (!move_of(i).latent_step(space, chain_.tau(), step)) continue;
    const int64_t start = steps_.count * size;
    steps_.rows[i] = steps_.count++;
    keep_.push_back(step.keep);
    from_.push_back(space.auxiliary ? images_.rows[i] : 0);
    RandomStream numbers = random(i, Purpose::latent);
    plan_normals(numbers, step.coordinates, start);
    if (space.auxiliary) plan_normals(numbers, step.momenta, start + m);
  }
  noise_.resize(steps_.count * size);
  steps_.u.resize(steps_.count * size);
  arrays.fill_gaussian(normals_, m, noise_.data());
  for (int64_t row = 0; row < steps_.count; row++)
    arrays.add_scaled(keep_[row], images_.u.data() + from_[row] * size, noise_.data() + row * size,
                      size, steps_.u.data() + row * size);
  if (space.carried == 0) return;
  copies_.clear();
  for (int64_t row = 0; row < steps_.count; row++)
    copies_.push_back({from_[row] * size, row * size});
  arrays.copy_rows(copies_, space.carried, images_.u.data(), steps_.u.data());
}

/// Of the points of a batch on the prior's side, if there it is gaussian.
void Prefetch::find_log_prior(Batch &batch) {
  const Space &space = chain_.space();
  const int64_t m = space.coordinates;
  batch.log_prior.assign(batch.count, 0.0);
  if (!space.gaussian_prior) return;
  find_squares(batch, space.carried, space.drawn(), coordinate_squares_);
  if (space.auxiliary)
    find_squares(batch, m, m, squares_);
  else
    squares_.assign(batch.count, 0.0);
  for (int64_t row = 0; row < batch.count; row++)
    batch.log_prior[row] =
        space.log_prior_of(coordinate_squares_[row], squares_[row], chain_.tau().prior);
}

/// The sum of squares of `columns` numbers of each point on the prior's side, from `first` on.
void Prefetch::find_squares(const Batch &batch, int64_t first, int64_t columns,
                            std::vector<double> &squares) {
  starts_.clear();
  for (int64_t row = 0; row < batch.count; row++)
    starts_.push_back(row * chain_.space().size() + first);
  sum_squares(columns, batch.u.data(), squares);
}

} // namespace nflow::mcmc
