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

/// u' = keep u + noise, by an acceptance rule that fits.
class LatentStep : public Move {
 public:
  explicit LatentStep(double step) : Move(Needs{}), step_(step) {}

  void start(Chain &chain) override {
    work_ = std::make_unique<Points>(chain.arrays(), chain.space().size());
  }

 protected:
  double step() const { return step_; }

  bool make_step(Chain &chain, double keep, double noise_x, double noise_p, AcceptanceRule rule) {
    const PointWeights old_point = chain.pull_back();
    const Space &space = chain.space();
    const int64_t m = space.coordinates;
    Arrays &arrays = chain.arrays();
    double *noise = work_->noise.data(), *u = work_->u.data(), *v = work_->v.data();
    RandomStream random = chain.random(Purpose::latent);
    arrays.fill_gaussian(random, noise_x, m, noise);
    if (space.auxiliary) arrays.fill_gaussian(random, noise_p, m, noise + m);
    arrays.add_scaled(keep, chain.latent(), noise, space.size(), u);
    PointWeights new_point;
    new_point.log_det = chain.push_forward(u, nullptr, v);
    new_point.log_prior = space.log_prior(arrays, u, chain.tau().prior);
    return chain.decide(rule, old_point, v, new_point).accepted;
  }

 private:
  struct Points {
    Points(Arrays &arrays, int64_t size) : noise(arrays, size), u(arrays, size), v(arrays, size) {}

    Buffer<double> noise, u, v;
  };

  double step_;
  std::unique_ptr<Points> work_;
};

class Latent : public LatentStep {
 public:
  using LatentStep::LatentStep;
  bool attempt(Chain &chain, const FreshPoints &) override {
    return make_step(chain, 1.0, step(), step(), chain.rules().symmetric);
  }
};

class Preconditioned : public LatentStep {
 public:
  using LatentStep::LatentStep;
  bool attempt(Chain &chain, const FreshPoints &) override {
    const double tau = chain.tau().prior, variance = chain.space().momentum_variance(tau);
    return make_step(chain, std::sqrt(1.0 - step() * step()), step() * std::sqrt(tau),
                     step() * std::sqrt(variance), chain.rules().prior_reversible);
  }
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
