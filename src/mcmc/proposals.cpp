#include "mcmc/proposals.h"

#include "mcmc/prior.h"

#include <cmath>

namespace nflow::mcmc {

double Space::momentum_variance(double tau) const {
  return auxiliary_variance(gaussian_prior, tau, recorded_variance);
}

double Space::log_prior(const double *u, double tau) const {
  double sum = log_gaussian(u, coordinates, tau);
  if (auxiliary) sum += log_gaussian(u + coordinates, coordinates, momentum_variance(tau));
  return sum;
}

size_t choose_move(const std::vector<Move> &moves, uint32_t seed, uint32_t replica,
                   uint64_t attempt) {
  if (moves.size() == 1) return 0;
  double sum = 0.0;
  for (const auto &move : moves) sum += move.weight;
  double rest = sum * RandomStream(seed, replica, attempt, Purpose::move_choice).uniform();
  for (size_t i = 0; i + 1 < moves.size(); i++) {
    rest -= moves[i].weight;
    if (rest < 0.0) return i;
  }
  return moves.size() - 1;
}

ProposalBlock::ProposalBlock(const Space &space, const std::vector<Move> &moves, int64_t batch,
                             uint32_t seed, uint32_t replica)
    : space_(space), moves_(moves), batch_(batch), seed_(seed), replica_(replica),
      first_(batch + 1) {}

bool ProposalBlock::prepare(Flow &flow, uint64_t attempt, double tau) {
  const uint64_t block = attempt / batch_;
  if (valid_ && block == block_ && tau == tau_) return false;
  valid_ = true;
  block_ = block;
  tau_ = tau;

  int64_t lanes = 0;
  for (int64_t i = 0; i < batch_; i++) {
    first_[i] = lanes;
    lanes += moves_[choose_move(moves_, seed_, replica_, block * batch_ + i)].fresh();
  }
  first_[batch_] = lanes;
  if (lanes == 0) return false;

  const int64_t size = space_.size(), m = space_.coordinates;
  u_.resize(lanes * size);
  v_.resize(lanes * size);
  log_det_.resize(lanes);
  weights_.resize(lanes);
  for (int64_t i = 0; i < batch_; i++) {
    RandomStream random(seed_, replica_, block * batch_ + i, Purpose::latent);
    for (int64_t lane = first_[i]; lane < first_[i + 1]; lane++) {
      random.fill_gaussian(&u_[lane * size], m, std::sqrt(tau));
      if (space_.auxiliary)
        random.fill_gaussian(&u_[lane * size + m], m, std::sqrt(space_.momentum_variance(tau)));
    }
  }
  flow.forward(lanes, u_.data(), tau, v_.data(), log_det_.data());
  for (int64_t lane = 0; lane < lanes; lane++)
    weights_[lane] = {0.0, space_.log_prior(&u_[lane * size], tau), log_det_[lane]};
  return true;
}

const double *ProposalBlock::points(uint64_t attempt) const {
  return &v_[first_[attempt % batch_] * space_.size()];
}

const PointWeights *ProposalBlock::weights(uint64_t attempt) const {
  return &weights_[first_[attempt % batch_]];
}

} // namespace nflow::mcmc
