#ifndef NFLOW_MCMC_PROPOSALS_H
#define NFLOW_MCMC_PROPOSALS_H

#include "mcmc/acceptance.h"
#include "mcmc/flow.h"
#include "mcmc/random.h"

#include <cstddef>
#include <vector>

namespace nflow::mcmc {

/// The augmented space: `coordinates` numbers, and as many auxiliary momenta if there are any.
struct Space {
  int64_t coordinates = 0;
  bool auxiliary = false;
  bool gaussian_prior = true;
  double recorded_variance = 1.0; // of the momenta, for a boltzmann prior

  int64_t size() const { return auxiliary ? 2 * coordinates : coordinates; }
  /// Variance of the momenta at k_B T = tau.
  double momentum_variance(double tau) const;
  /// ln prior(u) of a gaussian prior at k_B T = tau.
  double log_prior(const double *u, double tau) const;
};

enum class MoveKind { independence, multitry, latent, pcn };

/// One way to propose a configuration, chosen with a probability proportional to its weight.
struct Move {
  MoveKind kind = MoveKind::independence;
  int tries = 2;     // multitry: candidates, the current configuration included
  double step = 0.1; // latent: sigma; pcn: s in (0, 1]
  double weight = 1.0;

  /// Draws from the flow that one attempt consumes.
  int fresh() const {
    return kind == MoveKind::independence ? 1 : kind == MoveKind::multitry ? tries - 1 : 0;
  }
};

/// Which move attempt number `attempt` makes.
size_t choose_move(const std::vector<Move> &moves, uint32_t seed, uint32_t replica,
                   uint64_t attempt);

/// The independent proposals of a block of attempts [b B, (b+1) B), made by one batched forward. A
/// block is always made whole, so that a restart in its middle gives the same numbers to the last
/// bit.
class ProposalBlock {
 public:
  ProposalBlock(const Space &space, const std::vector<Move> &moves, int64_t batch, uint32_t seed,
                uint32_t replica);
  /// Makes the block of `attempt` at k_B T = tau unless it is there. Returns true if it called the
  /// flow.
  bool prepare(Flow &flow, uint64_t attempt, double tau);
  /// The proposals of that attempt: [fresh, S, n, d], and their weights but for h.
  const double *points(uint64_t attempt) const;
  const PointWeights *weights(uint64_t attempt) const;

 private:
  Space space_;
  const std::vector<Move> moves_;
  int64_t batch_;
  uint32_t seed_, replica_;
  bool valid_ = false;
  uint64_t block_ = 0;
  double tau_ = 0.0;
  std::vector<int64_t> first_; // of attempt block_ * batch_ + i
  std::vector<double> u_, v_, log_det_;
  std::vector<PointWeights> weights_;
};

} // namespace nflow::mcmc

#endif
