#ifndef NFLOW_MCMC_ACCEPTANCE_H
#define NFLOW_MCMC_ACCEPTANCE_H

#include <cstdint>

namespace nflow::mcmc {

/// What an acceptance rule needs to know of one point v = (x, p) = f(u) of the augmented space.
struct PointWeights {
  double h = 0.0;         // reduced energy beta U(x) + |p|^2 / (2 a)
  double log_prior = 0.0; // ln prior(u); -h_0(u) for a boltzmann prior, whose Z_0 drops out
  double log_det = 0.0;   // ln|det dv/du|, the log-det of "forward" at u

  /// ln q(v), the density of the flow's independent proposals.
  double log_q() const { return log_prior - log_det; }
  /// ln of the importance weight exp(-h)/q.
  double log_weight() const { return -h - log_q(); }
  /// The work w(u) = h_1(f(u)) - h_0(u) - log_det of a boltzmann prior.
  double work() const { return h + log_prior - log_det; }
};

/// Independence: v' drawn from the flow. ln a = -[h' - h] + ln q - ln q'.
double log_acceptance_independence(const PointWeights &old_point, const PointWeights &new_point);

/// Latent (TSF): u' = u + sigma xi, symmetric in u. ln a = -[h' - h] + log_det' - log_det.
double log_acceptance_latent(const PointWeights &old_point, const PointWeights &new_point);

/// Preconditioned latent: u' = sqrt(1-s^2) u + s sqrt(variance) xi leaves the prior invariant.
/// ln a = that of the latent move + ln prior(u) - ln prior(u').
double log_acceptance_pcn(const PointWeights &old_point, const PointWeights &new_point);

/// Mapped: u' drawn from the boltzmann prior at T0. ln a = -[w(u') - w(u)].
double log_acceptance_mapped(const PointWeights &old_point, const PointWeights &new_point);

/// Excursion: u' reached from u by a kernel that is reversible at T0. ln a = -[w(u') - w(u)].
double log_acceptance_excursion(const PointWeights &old_point, const PointWeights &new_point);

/// Multiple-try (i-SIR): the index k drawn with probability w_k / sum w from `count` log-weights by
/// the number `uniform` in (0, 1); the current state is one of them. Weights that are NaN or -inf
/// are never chosen. Returns -1 if there is nothing to choose from.
int64_t choose_by_weight(const double *log_weights, int64_t count, double uniform);

/// Metropolis: true with probability min(1, e^{log_acceptance}); NaN is never accepted.
bool accept(double log_acceptance, double uniform);

/// Local excursions: whether the way back would start from the same atoms, given how many atoms
/// were among the nearest to the centre before or after the move, but not both.
bool is_reversible(int64_t atoms_that_differ);

/// The rules that a sampler uses. They are data so that the tests can show that a broken rule is
/// caught.
struct AcceptanceRules {
  double (*independence)(const PointWeights &, const PointWeights &) = log_acceptance_independence;
  double (*latent)(const PointWeights &, const PointWeights &) = log_acceptance_latent;
  double (*pcn)(const PointWeights &, const PointWeights &) = log_acceptance_pcn;
  double (*mapped)(const PointWeights &, const PointWeights &) = log_acceptance_mapped;
  double (*excursion)(const PointWeights &, const PointWeights &) = log_acceptance_excursion;
  bool (*reversible)(int64_t atoms_that_differ) = is_reversible;
  int64_t (*multitry)(const double *, int64_t, double) = choose_by_weight;
};

} // namespace nflow::mcmc

#endif
