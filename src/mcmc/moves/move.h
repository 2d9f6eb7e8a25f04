#ifndef NFLOW_MCMC_MOVES_MOVE_H
#define NFLOW_MCMC_MOVES_MOVE_H

#include "flow/flow.h"
#include "mcmc/acceptance.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nflow::mcmc {

class Chain;
struct Space;

/// Equilibrium configurations [count, n, d] at the temperature of a boltzmann prior, and their
/// energies, on the host. Whoever changes x increments the revision, for there may be copies.
struct Reservoir {
  std::string file; // from which x comes
  std::vector<double> x, energies;
  uint64_t revision = 0;
};

/// What a move asks of whoever runs it.
struct Needs {
  /// Configurations that an attempt draws from the flow, independent of the current one.
  int fresh = 0;
  /// Where these come from on the prior's side, to be filled before the first attempt; null: they
  /// are drawn from the gaussian prior.
  std::shared_ptr<Reservoir> reservoir = nullptr;
  /// Atoms that the flow's masked methods move in the presence of the others; 0: it needs none.
  int64_t local = 0;
};

/// The fresh configurations of one attempt: [fresh, S, n, d], and their weights but for h.
struct FreshPoints {
  const double *points = nullptr;
  const PointWeights *weights = nullptr;
};

/// A step on the prior's side, u' = keep u + noise, with the standard deviations of the noise.
struct LatentStep {
  double keep = 1.0, coordinates = 0.0, momenta = 0.0;
};

/// One way to propose a configuration and to decide on it. What a restart must carry is in the
/// chain; a move has what its words in the input script say, and memory to work in.
class Move {
 public:
  explicit Move(Needs needs) : needs_(std::move(needs)) {}
  virtual ~Move() = default;
  Move(const Move &) = delete;
  Move &operator=(const Move &) = delete;

  const Needs &needs() const { return needs_; }
  /// Called once, before the first attempt: the place to allocate what attempts work in.
  virtual void start(Chain & /*chain*/) {}
  /// Whether attempts propose the image of a latent step (Chain::step()), and which.
  virtual bool latent_step(const Space & /*space*/, const Temperatures & /*tau*/,
                           LatentStep & /*step*/) const {
    return false;
  }
  /// One attempt from the chain's configuration; true if it was accepted, in which case the chain
  /// has moved (Chain::decide, Chain::move_to). Must leave the target distribution invariant.
  virtual bool attempt(Chain &chain, const FreshPoints &fresh) = 0;

 private:
  Needs needs_;
};

/// A move of a list, and how often it is chosen relative to the others.
struct WeightedMove {
  std::unique_ptr<Move> move;
  double weight = 1.0;
  const struct MoveRow *row = nullptr; // of the table
};

using Moves = std::vector<WeightedMove>;

} // namespace nflow::mcmc

#endif
