#ifndef NFLOW_MCMC_SAMPLER_H
#define NFLOW_MCMC_SAMPLER_H

#include "estimators/importance.h"
#include "flow/flow.h"
#include "flow/target.h"
#include "mcmc/acceptance.h"
#include "mcmc/hybrid_monte_carlo.h"
#include "mcmc/proposal_block.h"

#include <vector>

namespace nflow::mcmc {

/// What happened so far; everything that a restart must carry, besides the configuration.
struct Counters {
  uint64_t attempts = 0;
  uint64_t accepts = 0;
  uint64_t not_finite = 0;     // rejected because an energy, a proposal or ln a was NaN or infinite
  uint64_t not_reversible = 0; // local excursions after which other atoms were the nearest
  uint64_t rearrangements = 0; // atoms rearranged by accepted moves
  uint64_t evaluations = 0;    // energies that attempts have asked for
  uint64_t trajectories = 0, accepted_trajectories = 0; // of excursions
  std::vector<uint64_t> move_attempts, move_accepts;    // by move
};

/// Wall time spent in attempts, and in the two things that an attempt cannot do without.
struct Timings {
  double total = 0.0, flow = 0.0, energy = 0.0; // seconds
  uint64_t attempts = 0;
};

/// Metropolis Monte Carlo of one configuration with proposals of a flow (design: the acceptance
/// rules of docs/theory.md), in the memory of `arrays`, which is that of the flow and the target.
/// The random numbers depend on (seed, replica, attempt) only, so that the decisions are the same
/// on any number of MPI ranks and after a restart.
class FlowSampler {
 public:
  FlowSampler(Flow &flow, Target &target, const Space &space, const std::vector<Move> &moves,
              int64_t batch, uint32_t seed, uint32_t replica, const AcceptanceRules &rules = {},
              Arrays &arrays = host_arrays());

  /// What counts as a rearrangement from now on.
  void set_rearrangement(const Rearrangement &criterion) { rearrangement_ = criterion; }
  /// Starts from the configuration x [n, d] of energy U at k_B T = tau.target: call whenever
  /// something else may have moved the atoms or changed the temperature.
  void set_state(const double *x, double energy, const Temperatures &tau);
  /// One attempt; true if it was accepted, in which case x() and energy() have changed.
  bool attempt();

  /// Where the configuration is; stays valid.
  const double *x() const { return x_.data(); }
  double energy() const { return energy_; }
  double last_energy_change() const { return last_energy_change_; }
  double last_log_acceptance() const { return last_log_acceptance_; }
  const Counters &counters() const { return counters_; }
  const Timings &timings() const { return timings_; }
  const estimators::RunningEss &importance() const { return importance_; }

  /// Counters and running ESS as numbers for a restart file, and back. restore() ignores per-move
  /// counts if the list of moves has changed since.
  std::vector<double> checkpoint() const;
  void restore(const std::vector<double> &numbers);

 private:
  bool independence();
  bool multitry(int tries);
  bool latent(double sigma);
  bool preconditioned(double step);
  bool mapped();
  bool excursion(const Move &move);
  bool local_excursion(const Move &move);
  /// Carries current_ to the prior's side, runs hybrid Monte Carlo there and carries the result
  /// back to trial_; decides by the works. With `atoms`, these alone move. `reversible` says
  /// whether the way back would have been tried.
  template <class Reversible>
  bool cross_and_return(const Move &move, const uint8_t *atoms, const Reversible &reversible);
  /// latent_ of current_, and trial_ of trial_latent_; with `atoms`, these alone are mapped.
  void inverse(const uint8_t *atoms, double *log_det);
  void forward(const uint8_t *atoms, double *log_det);
  /// Hybrid Monte Carlo at T0 from dynamic_; false if it does not start from a finite energy.
  bool run_at_prior(const Move &move, const uint8_t *atoms);
  /// Metropolis with the proposal in trial_, whose weights but for the energy are known.
  bool decide(double (*rule)(const PointWeights &, const PointWeights &), PointWeights old_point,
              PointWeights new_point);
  bool reject_not_finite();
  void draw_current(); // current_ = the configuration with fresh momenta
  bool perturb(double keep, double noise_x, double noise_p,
               double (*rule)(const PointWeights &, const PointWeights &));
  /// The current configuration with fresh momenta, pulled back to the latent space: fills current_
  /// and latent_.
  PointWeights pull_back();
  /// U(x) of a proposal, NaN without calling the target if the proposal is not finite.
  double proposal_energy(const double *v);
  double reduced_energy(double energy, const double *v) const {
    return space_.reduced_energy(arrays_, energy, v, tau_.target);
  }
  bool all_finite(const double *point) const {
    return target_.agree(arrays_.all_finite(space_.size(), point)) != 0;
  }
  void move_to(const double *v, double energy);

  Flow &flow_;
  Target &target_;
  Space space_;
  std::vector<Move> moves_;
  uint32_t seed_, replica_;
  AcceptanceRules rules_;
  Arrays &arrays_;
  ProposalBlock block_;

  Buffer<double> x_;
  double energy_ = 0.0;
  Temperatures tau_{1.0};
  bool pulled_back_ = false; // pull_back() of the present state is still valid (no momenta)
  PointWeights current_weights_;
  Buffer<double> current_, latent_, trial_, trial_latent_, noise_;
  std::vector<double> energies_, log_weights_;
  HybridMonteCarlo dynamics_;
  DynamicState dynamic_;
  Buffer<uint8_t> nearest_before_, nearest_after_; // atoms of a local excursion
  Rearrangement rearrangement_;

  Counters counters_;
  Timings timings_;
  estimators::RunningEss importance_;
  double last_energy_change_ = 0.0, last_log_acceptance_ = 0.0;
};

} // namespace nflow::mcmc

#endif
