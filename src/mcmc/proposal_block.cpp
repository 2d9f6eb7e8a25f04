#include "mcmc/proposal_block.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

size_t choose_move(const Moves &moves, const Streams &streams, uint64_t attempt) {
  if (moves.size() == 1) return 0;
  double sum = 0.0;
  for (const auto &move : moves) sum += move.weight;
  double rest = sum * streams.of(attempt, Purpose::move_choice).uniform();
  for (size_t i = 0; i + 1 < moves.size(); i++) {
    rest -= moves[i].weight;
    if (rest < 0.0) return i;
  }
  return moves.size() - 1;
}

ProposalBlock::ProposalBlock(const Space &space, const Moves &moves, int64_t batch, Arrays &arrays)
    : space_(space), moves_(moves), batch_(batch), arrays_(arrays), first_(batch + 1),
      choices_(batch), u_(arrays), v_(arrays), carried_there_(arrays) {
  coordinate_squares_.columns = space_.drawn();
  momentum_squares_.columns = space_.coordinates;
  for (size_t i = 0; i < moves_.size(); i++) frames_.emplace_back(arrays);
}

/// Which move each attempt of the block makes; the number of points that they need.
int64_t ProposalBlock::choose() {
  first_[0] = 0;
  for (int64_t i = 0; i < batch_; i++) {
    choices_[i] = choose_move(moves_, streams_, block_ * batch_ + i);
    first_[i + 1] = first_[i] + moves_[choices_[i]].move->needs().fresh;
  }
  return first_[batch_];
}

void ProposalBlock::plan_frame(uint64_t attempt, size_t choice, int64_t start, Lane &lane) {
  const auto &energies = moves_[choice].move->needs().reservoir->energies;
  const auto count = static_cast<int64_t>(energies.size());
  const double uniform = streams_.of(attempt, Purpose::reservoir).uniform();
  const int64_t frame =
      std::min(count - 1, static_cast<int64_t>(uniform * static_cast<double>(count)));
  frames_[choice].rows.push_back({frame * space_.coordinates, start});
  lane.mapped = true;
  lane.energy = energies[frame];
}

/// The points on the prior's side that one attempt consumes.
void ProposalBlock::plan(uint64_t attempt, size_t choice, double tau) {
  const int64_t m = space_.coordinates;
  const double width = std::sqrt(tau), momentum_width = std::sqrt(space_.momentum_variance(tau));
  const Needs &needs = moves_[choice].move->needs();
  RandomStream random = streams_.of(attempt, Purpose::latent);
  for (int i = 0; i < needs.fresh; i++) {
    const int64_t start = static_cast<int64_t>(lanes_.size()) * space_.size();
    Lane lane;
    if (needs.reservoir) {
      plan_frame(attempt, choice, start, lane);
    } else {
      normals_.push_back({random.take_gaussians(m), width, start});
      lane.coordinate_squares = coordinate_squares_.plan(start + space_.carried);
    }
    if (space_.auxiliary) {
      normals_.push_back({random.take_gaussians(m), momentum_width, start + m});
      lane.momentum_squares = momentum_squares_.plan(start + m);
    }
    lanes_.push_back(lane);
  }
}

/// Puts what was planned into u_, all points at once.
void ProposalBlock::fill() {
  if (!normals_.empty()) arrays_.fill_gaussian(normals_, space_.coordinates, u_.data());
  fill_frames();
  if (space_.carried > 0) fill_carried();
  for (Squares *squares : {&coordinate_squares_, &momentum_squares_}) {
    squares->sums.resize(squares->starts.size());
    if (squares->starts.empty()) continue;
    arrays_.sums_of_squares(squares->starts, squares->columns, u_.data(), squares->sums.data());
  }
}

void ProposalBlock::fill_frames() {
  const int64_t m = space_.coordinates;
  for (size_t i = 0; i < frames_.size(); i++) {
    Frames &frames = frames_[i];
    if (frames.rows.empty()) continue;
    const Reservoir &reservoir = *moves_[i].move->needs().reservoir;
    const double *x = reservoir.x.data();
    if (!arrays_.on_host()) {
      if (!frames.copied || frames.revision != reservoir.revision)
        frames.copy.assign(x, static_cast<int64_t>(reservoir.x.size()));
      frames.copied = true;
      frames.revision = reservoir.revision;
      x = frames.copy.data();
    }
    arrays_.copy_rows(frames.rows, m, x, u_.data());
  }
}

void ProposalBlock::fill_carried() {
  carried_there_.assign(carried_.data(), space_.carried);
  carried_rows_.clear();
  for (size_t i = 0; i < lanes_.size(); i++)
    carried_rows_.push_back({0, static_cast<int64_t>(i) * space_.size()});
  arrays_.copy_rows(carried_rows_, space_.carried, carried_there_.data(), u_.data());
}

void ProposalBlock::weigh(double tau) {
  weights_.resize(lanes_.size());
  for (size_t i = 0; i < lanes_.size(); i++) {
    const Lane &lane = lanes_[i];
    const double coordinates = coordinate_squares_.at(lane.coordinate_squares);
    const double momenta = momentum_squares_.at(lane.momentum_squares);
    const double log_prior = lane.mapped ? -space_.reduced_energy_of(lane.energy, momenta, tau)
                                         : space_.log_prior_of(coordinates, momenta, tau);
    weights_[i] = {0.0, log_prior, log_det_[i]};
  }
}

void ProposalBlock::make(Flow &flow) {
  const int64_t points = choose();
  if (points == 0) return;
  lanes_.clear();
  normals_.clear();
  coordinate_squares_.starts.clear();
  momentum_squares_.starts.clear();
  for (auto &frames : frames_) frames.rows.clear();
  for (int64_t i = 0; i < batch_; i++) plan(block_ * batch_ + i, choices_[i], tau_.prior);
  u_.resize(points * space_.size());
  v_.resize(points * space_.size());
  log_det_.resize(points);
  fill();
  flow.forward(points, u_.data(), tau_, v_.data(), log_det_.data());
  weigh(tau_.prior);
}

FreshPoints ProposalBlock::proposals(Flow &flow, const Streams &streams, uint64_t attempt,
                                     const Temperatures &tau, const std::vector<double> &carried) {
  const uint64_t block = attempt / batch_;
  fresh_ =
      !valid_ || block != block_ || !(tau == tau_) || !(streams == streams_) || carried != carried_;
  if (fresh_) {
    valid_ = true;
    streams_ = streams;
    block_ = block;
    tau_ = tau;
    carried_ = carried;
    make(flow);
  }
  const int64_t first = first_[attempt % batch_];
  return {v_.data() + first * space_.size(), &weights_[first]};
}

} // namespace nflow::mcmc
