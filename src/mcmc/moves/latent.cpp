// Steps of the current configuration in the latent space of a flow with a gaussian prior:
//
//   latent sigma s   u' = u + s xi: symmetric, so the prior has no part in the rule
//   pcn s            u' = sqrt(1 - s^2) u + s sqrt(variance) xi: reversible for the prior

#include "base/error.h"
#include "mcmc/chain.h"
#include "mcmc/moves/table.h"

#include <cmath>

namespace nflow::mcmc {

namespace {

bool decide_on_step(Chain &chain, AcceptanceRule rule) {
  const PointWeights old_point = chain.pull_back();
  const FreshPoints proposal = chain.step();
  return chain.decide(rule, old_point, proposal.points, proposal.weights[0]).accepted;
}

class Latent : public Move {
 public:
  explicit Latent(double sigma) : Move(Needs{}), sigma_(sigma) {}

  bool latent_step(const Space &, const Temperatures &, LatentStep &step) const override {
    step = {1.0, sigma_, sigma_};
    return true;
  }
  bool attempt(Chain &chain, const FreshPoints &) override {
    return decide_on_step(chain, chain.rules().symmetric);
  }

 private:
  double sigma_;
};

class Preconditioned : public Move {
 public:
  explicit Preconditioned(double size) : Move(Needs{}), size_(size) {}

  bool latent_step(const Space &space, const Temperatures &tau, LatentStep &step) const override {
    const double variance = space.momentum_variance(tau.prior);
    step = {std::sqrt(1.0 - size_ * size_), size_ * std::sqrt(tau.prior),
            size_ * std::sqrt(variance)};
    return true;
  }
  bool attempt(Chain &chain, const FreshPoints &) override {
    return decide_on_step(chain, chain.rules().prior_reversible);
  }

 private:
  double size_;
};

} // namespace

std::unique_ptr<Move> make_latent(Words &words) {
  words.take_if("sigma");
  const double step = words.take_number("sigma of move latent");
  if (!(step > 0.0)) throw Error("sigma of move latent must be positive");
  return std::make_unique<Latent>(step);
}

std::unique_ptr<Move> make_pcn(Words &words) {
  const double step = words.take_number("s of move pcn");
  if (!(step > 0.0 && step <= 1.0)) throw Error("s of move pcn must be in (0, 1]");
  return std::make_unique<Preconditioned>(step);
}

} // namespace nflow::mcmc
