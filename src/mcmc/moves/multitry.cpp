// multitry K: one of K configurations, the current one and K-1 fresh ones of a flow with a gaussian
// prior, chosen by their weights (i-SIR).

#include "base/error.h"
#include "mcmc/chain.h"
#include "mcmc/moves/table.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

namespace {

class Multitry : public Move {
 public:
  explicit Multitry(int tries) : Move(Needs{tries - 1}), energies_(tries), log_weights_(tries) {}

  bool attempt(Chain &chain, const FreshPoints &fresh) override {
    const int64_t size = chain.space().size();
    const bool finite = weigh(chain, fresh);
    if (!finite) chain.record().counters.not_finite++;
    // A current state without a weight cannot be compared with the others: stay.
    if (!chain.target().agree(std::isfinite(log_weights_[0]))) return false;
    const double uniform = chain.random(Purpose::accept).uniform();
    const int64_t chosen = chain.target().agree(std::max<int64_t>(
        0, chain.rules().choose_by_weight(log_weights_.data(), needs().fresh + 1, uniform)));
    chain.record().energy_change = energies_[chosen] - chain.energy();
    chain.record().log_acceptance = log_weights_[chosen] - log_weights_[0];
    if (chosen == 0) return false;
    chain.move_to(fresh.points + (chosen - 1) * size, energies_[chosen]);
    return true;
  }

 private:
  /// Energies and weights of all candidates, the current configuration first; whether all have one.
  bool weigh(Chain &chain, const FreshPoints &fresh) {
    log_weights_[0] = chain.pull_back().log_weight();
    energies_[0] = chain.energy();
    bool finite = std::isfinite(log_weights_[0]);
    for (int k = 1; k <= needs().fresh; k++) {
      const double *v = fresh.points + (k - 1) * chain.space().size();
      PointWeights weights = fresh.weights[k - 1];
      energies_[k] = chain.energy_of(v);
      weights.h = chain.reduced_energy(energies_[k], v);
      const bool usable = std::isfinite(energies_[k]) && std::isfinite(weights.log_weight());
      log_weights_[k] = usable ? weights.log_weight() : -INFINITY;
      finite = finite && usable;
      chain.record().add_weight(log_weights_[k]);
    }
    return finite;
  }

  std::vector<double> energies_, log_weights_; // of the candidates
};

} // namespace

std::unique_ptr<Move> make_multitry(Words &words) {
  const int tries = words.take_integer("the number of tries K of move multitry");
  if (tries < 2)
    throw Error("move multitry needs K of at least 2: the current configuration and one proposal");
  return std::make_unique<Multitry>(tries);
}

} // namespace nflow::mcmc
