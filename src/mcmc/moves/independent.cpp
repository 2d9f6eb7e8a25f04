// Moves that propose a configuration which has nothing to do with the current one:
//
//   independence            from a flow with a gaussian prior
//   mapped reservoir FILE   from a reservoir at T0, mapped by a flow with a boltzmann prior
//
// To draw from the prior is reversible for it.

#include "base/error.h"
#include "mcmc/chain.h"
#include "mcmc/moves/table.h"

namespace nflow::mcmc {

namespace {

class Independent : public Move {
 public:
  /// Draws from these configurations at T0; without any, from the gaussian prior.
  explicit Independent(std::shared_ptr<Reservoir> reservoir)
      : Move(Needs{1, std::move(reservoir)}) {}

  bool attempt(Chain &chain, const FreshPoints &fresh) override {
    const PointWeights old_point = chain.pull_back();
    const Decision decision =
        chain.decide(chain.rules().prior_reversible, old_point, fresh.points, fresh.weights[0]);
    chain.record().add_weight(decision.proposal.log_weight());
    return decision.accepted;
  }
};

} // namespace

std::unique_ptr<Move> make_independence(Words &) {
  return std::make_unique<Independent>(nullptr);
}

std::unique_ptr<Move> make_mapped(Words &words) {
  auto reservoir = std::make_shared<Reservoir>();
  if (!words.take_if("reservoir") || words.empty())
    throw Error("move mapped needs 'reservoir FILE', a dump of configurations at T0");
  reservoir->file = words.take("FILE");
  return std::make_unique<Independent>(std::move(reservoir));
}

} // namespace nflow::mcmc
