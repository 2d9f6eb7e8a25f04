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
  double work() const { return -log_weight(); }
};

/// ln a of a proposal, from the weights of the point where it starts and of the one that it
/// proposes.
using AcceptanceRule = double (*)(const PointWeights &old_point, const PointWeights &new_point);

/// The theorem of docs/theory.md: u' comes from u by any kernel that is reversible for the prior,
/// prior(u) K(u -> u') = prior(u') K(u' -> u). ln a = ln weight(v') - ln weight(v).
double prior_reversible(const PointWeights &old_point, const PointWeights &new_point);

/// u' comes from u by a symmetric kernel, K(u -> u') = K(u' -> u).
/// ln a = -[h' - h] + log_det' - log_det.
double symmetric(const PointWeights &old_point, const PointWeights &new_point);

/// Multiple-try (i-SIR): the index k drawn with probability w_k / sum w from `count` log-weights by
/// the number `uniform` in (0, 1); the current state is one of them. Weights that are NaN or -inf
/// are never chosen. Returns -1 if there is nothing to choose from.
int64_t choose_by_weight(const double *log_weights, int64_t count, double uniform);

/// Local excursions: whether the way back would start from the same atoms, given how many atoms
/// were among the nearest to the centre before or after the move, but not both.
bool is_reversible(int64_t atoms_that_differ);

/// Metropolis: true with probability min(1, e^{log_acceptance}); NaN is never accepted.
bool accept(double log_acceptance, double uniform);

/// The rules that a sampler uses. They are data so that the tests can show that a broken rule is
/// caught.
struct AcceptanceRules {
  AcceptanceRule prior_reversible = mcmc::prior_reversible;
  AcceptanceRule symmetric = mcmc::symmetric;
  int64_t (*choose_by_weight)(const double *, int64_t, double) = mcmc::choose_by_weight;
  bool (*is_reversible)(int64_t atoms_that_differ) = mcmc::is_reversible;
};

} // namespace nflow::mcmc

#endif
