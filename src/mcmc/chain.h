#ifndef NFLOW_MCMC_CHAIN_H
#define NFLOW_MCMC_CHAIN_H

#include "flow/flow.h"
#include "flow/target.h"
#include "mcmc/acceptance.h"
#include "mcmc/prefetch.h"
#include "mcmc/record.h"
#include "mcmc/space.h"
#include "mcmc/streams.h"

namespace nflow::mcmc {

/// What came of a proposal.
struct Decision {
  bool accepted = false;
  PointWeights proposal; // with its h, NaN or infinite if it has no energy
};

/// A Markov chain as its moves see it: the configuration, the way through the flow and back, and
/// the decision on a proposal. Points [S, n, d] are in the memory of arrays(), which is that of the
/// flow and the target. `atoms` is a mask [n] of the atoms that are mapped in the presence of the
/// others; null: all of them.
class Chain {
 public:
  /// Keeps `moves`.
  Chain(Flow &flow, Target &target, const Space &space, const Streams &streams, const Moves &moves,
        const AcceptanceRules &rules, Arrays &arrays);
  Chain(const Chain &) = delete; // parts refer to each other
  Chain &operator=(const Chain &) = delete;

  const Space &space() const { return space_; }
  const AcceptanceRules &rules() const { return rules_; }
  Target &target() const { return target_; }
  Arrays &arrays() const { return arrays_; }
  Record &record() { return record_; }
  const Record &record() const { return record_; }
  const Streams &streams() const { return streams_; }
  /// The random numbers of the present attempt.
  RandomStream random(Purpose purpose) const {
    return streams_.of(record_.counters.attempts, purpose);
  }

  // The configuration, and k_B T.
  const double *x() const { return x_.data(); }
  double energy() const { return energy_; }
  const Temperatures &tau() const { return tau_; }

  // Through the flow.
  /// The weights of the current configuration, with fresh momenta, which latent() is the image of
  /// on the prior's side.
  PointWeights pull_back();
  /// The same without the log_prior of a boltzmann prior, and for some atoms only.
  PointWeights pull_back(const uint8_t *atoms);
  const double *latent() const { return latent_; }
  /// What fresh configurations carry from the current one: Record::carried, which is brought up to
  /// date here if the current one has come from elsewhere.
  const std::vector<double> &carried();
  /// The proposal f(u') of the move's latent_step() from latent(), and its weights but for h.
  FreshPoints step() { return prefetch_.step(); }
  /// v = f(u); returns log_det.
  double push_forward(const double *u, const uint8_t *atoms, double *v);

  // Energies.
  /// U(x) of a point, NaN without calling the target if the point is not finite.
  double energy_of(const double *v);
  /// h of a point of energy U at T, and at the temperature of the prior.
  double reduced_energy(double energy, const double *v) const {
    return space_.reduced_energy(arrays_, energy, v, tau_.target);
  }
  double prior_energy(double energy, const double *u) const {
    return space_.reduced_energy(arrays_, energy, u, tau_.prior);
  }
  bool all_finite(const double *point) const {
    return target_.agree(arrays_.all_finite(space_.size(), point)) != 0;
  }

  // Decisions.
  /// Metropolis with the proposal v, whose weights but for h are known: finds its energy and moves
  /// there if it is accepted.
  Decision decide(AcceptanceRule rule, const PointWeights &old_point, const double *v,
                  const PointWeights &new_point);
  /// Counts an attempt that met something that is not finite; returns false.
  bool reject_not_finite();
  /// Makes the point v of energy U the current one.
  void move_to(const double *v, double energy);

  // For whoever runs the chain.
  Flow &flow() const { return flow_; }
  double *x() { return x_.data(); }
  void set_streams(const Streams &streams);
  void set_prefetch(const PrefetchDepth &depth) { prefetch_.set_depth(depth); }
  void set_rearrangement(const Rearrangement &criterion) { rearrangement_ = criterion; }
  /// x() has been given another configuration, of energy U at k_B T = tau.target.
  void set_state(double energy, const Temperatures &tau, const Call &call);

 private:
  void draw_current();
  PointWeights pull_back_some(const uint8_t *atoms);
  PointWeights pull_back_all();

  Flow &flow_;
  Target &target_;
  const Space space_;
  Streams streams_;
  const AcceptanceRules rules_;
  Arrays &arrays_;

  Buffer<double> x_;
  double energy_ = 0.0;
  Temperatures tau_{1.0};
  Prefetch prefetch_;
  const double *latent_ = nullptr;
  bool weighed_ = false; // the present state is, and has no momenta: the weights are still valid
  PointWeights current_weights_;
  std::vector<double> carried_now_;
  Buffer<double> some_v_, some_u_; // x with fresh momenta before and after some atoms are mapped

  Rearrangement rearrangement_;
  Record record_;
};

} // namespace nflow::mcmc

#endif
