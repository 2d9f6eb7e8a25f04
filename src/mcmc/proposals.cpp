#include "mcmc/proposals.h"

#include "mcmc/prior.h"

#include <algorithm>
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

double Space::reduced_energy(double energy, const double *v, double tau) const {
  double h = energy / tau;
  if (auxiliary) h += auxiliary_energy(v + coordinates, coordinates, momentum_variance(tau));
  return h;
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

/// The points on the prior's side that one attempt consumes, and their ln prior.
void ProposalBlock::draw(uint64_t attempt, const Move &move, double tau, double *u,
                         double *log_prior) const {
  const int64_t size = space_.size(), m = space_.coordinates;
  const double momentum_width = std::sqrt(space_.momentum_variance(tau));
  RandomStream random(seed_, replica_, attempt, Purpose::latent);
  for (int lane = 0; lane < move.fresh(); lane++, u += size, log_prior++) {
    if (move.kind != MoveKind::mapped) {
      random.fill_gaussian(u, m, std::sqrt(tau));
      if (space_.auxiliary) random.fill_gaussian(u + m, m, momentum_width);
      *log_prior = space_.log_prior(u, tau);
      continue;
    }
    const auto &energies = move.reservoir->energies;
    const auto count = static_cast<int64_t>(energies.size());
    const double uniform = RandomStream(seed_, replica_, attempt, Purpose::reservoir).uniform();
    const int64_t frame =
        std::min(count - 1, static_cast<int64_t>(uniform * static_cast<double>(count)));
    std::copy_n(move.reservoir->x.begin() + frame * m, m, u);
    if (space_.auxiliary) random.fill_gaussian(u + m, m, momentum_width);
    *log_prior = -space_.reduced_energy(energies[frame], u, tau);
  }
}

bool ProposalBlock::prepare(Flow &flow, uint64_t attempt, const Temperatures &tau) {
  const uint64_t block = attempt / batch_;
  if (valid_ && block == block_ && tau == tau_) return false;
  valid_ = true;
  block_ = block;
  tau_ = tau;

  std::vector<const Move *> chosen(batch_);
  int64_t lanes = 0;
  for (int64_t i = 0; i < batch_; i++) {
    first_[i] = lanes;
    chosen[i] = &moves_[choose_move(moves_, seed_, replica_, block * batch_ + i)];
    lanes += chosen[i]->fresh();
  }
  first_[batch_] = lanes;
  if (lanes == 0) return false;

  const int64_t size = space_.size();
  u_.resize(lanes * size);
  v_.resize(lanes * size);
  log_det_.resize(lanes);
  log_prior_.resize(lanes);
  weights_.resize(lanes);
  for (int64_t i = 0; i < batch_; i++)
    if (first_[i] < first_[i + 1])
      draw(block * batch_ + i, *chosen[i], tau.prior, &u_[first_[i] * size],
           &log_prior_[first_[i]]);
  flow.forward(lanes, u_.data(), tau, v_.data(), log_det_.data());
  for (int64_t lane = 0; lane < lanes; lane++)
    weights_[lane] = {0.0, log_prior_[lane], log_det_[lane]};
  return true;
}

const double *ProposalBlock::points(uint64_t attempt) const {
  return &v_[first_[attempt % batch_] * space_.size()];
}

const PointWeights *ProposalBlock::weights(uint64_t attempt) const {
  return &weights_[first_[attempt % batch_]];
}

} // namespace nflow::mcmc
