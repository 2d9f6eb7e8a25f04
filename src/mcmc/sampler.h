#ifndef NFLOW_MCMC_SAMPLER_H
#define NFLOW_MCMC_SAMPLER_H

#include "mcmc/batch_cost.h"
#include "mcmc/chain.h"
#include "mcmc/moves/move.h"
#include "mcmc/proposal_block.h"

#include <vector>

namespace nflow::mcmc {

/// Metropolis Monte Carlo of one configuration with proposals of a flow: each attempt is that of
/// one of its moves (moves/), by the acceptance rules of docs/theory.md. Works in the memory of
/// `arrays`, which is that of the flow and the target.
class FlowSampler {
 public:
  FlowSampler(Flow &flow, Target &target, const Space &space, Moves moves, int64_t batch,
              const Streams &streams, const AcceptanceRules &rules = {},
              Arrays &arrays = host_arrays());
  FlowSampler(const FlowSampler &) = delete; // parts refer to each other
  FlowSampler &operator=(const FlowSampler &) = delete;

  /// How many attempts share calls of the flow, 1 at first; whatever it is, they decide alike.
  void set_prefetch(const PrefetchDepth &depth) { chain_.set_prefetch(depth); }
  /// What batches of so many points cost, at x().
  BatchTrial try_batches(int64_t points, const Temperatures &tau);
  /// What counts as a rearrangement from now on.
  void set_rearrangement(const Rearrangement &criterion) { chain_.set_rearrangement(criterion); }
  /// Starts from the configuration [n, d] that has been written to x(), of energy U at
  /// k_B T = tau.target: call whenever something else may have moved the atoms or changed the
  /// temperature.
  void set_state(double energy, const Temperatures &tau, const Call &call = {}) {
    chain_.set_state(energy, tau, call);
  }
  /// The same with a configuration from elsewhere.
  void set_state(const double *x, double energy, const Temperatures &tau, const Call &call = {});
  /// To be called before set_state() where atoms that are not of the flow may have moved, or the
  /// temperature has changed: weights before and after are not comparable (Record::ess()).
  void begin_environment() { chain_.record().begin_environment(); }
  /// One attempt; true if it was accepted, in which case x() and energy() have changed.
  bool attempt();

  /// Where the configuration is; stays valid.
  double *x() { return chain_.x(); }
  const double *x() const { return chain_.x(); }
  double energy() const { return chain_.energy(); }
  const Moves &moves() const { return moves_; }
  const Record &record() const { return chain_.record(); }
  const Counters &counters() const { return record().counters; }

  /// Goes on where the sampler stopped whose random numbers and Record::checkpoint() these are.
  void restart(const Streams &streams, const std::vector<double> &checkpoint);

 private:
  Moves moves_;
  Chain chain_;
  ProposalBlock block_;
};

} // namespace nflow::mcmc

#endif
