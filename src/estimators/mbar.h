#ifndef NFLOW_ESTIMATORS_MBAR_H
#define NFLOW_ESTIMATORS_MBAR_H

#include "estimators/autocorrelation.h"
#include "estimators/free_energy.h"

#include <cstddef>
#include <vector>

namespace nflow::estimators {

/// Samples of K states (temperatures), pooled: first all of state 0, then all of state 1, .., each
/// in the order of its simulation.
struct MbarSamples {
  std::vector<size_t> counts;         // N_k
  std::vector<std::vector<double>> u; // u[k][n]: reduced energy of sample n in state k
};

/// `energies[k]` are the potential energies of the simulation at beta_k = 1/(k_B T_k): then
/// u[k][n] = beta_k U_n. Throws Error if there is not one beta a series.
MbarSamples samples_of_energies(const std::vector<std::vector<double>> &energies,
                                const std::vector<double> &betas);

/// Multistate Bennett acceptance ratio (Shirts and Chodera, J. Chem. Phys. 129, 124105, 2008): the
/// f_k = -ln Z_k that solve, for all k,
///   sum_n p_k(n) = N_k,   p_k(n) = N_k exp(f_k - u_k(n)) / sum_l N_l exp(f_l - u_l(n)),
/// the minimum of a convex function, found by Newton's method with a line search.
///
/// Error bars are asymptotic, neither subsampled nor scaled by one statistical inefficiency a
/// state: each result is to first order a sum over samples (its influence function), whose variance
/// is taken with the autocorrelation of that very series, as bar() does. For independent samples
/// that is the asymptotic covariance of the paper. With the same N_k in all states sample t of all
/// states counts as taken at the same time, and the correlation between states, which exchanges
/// cause, is in the error bars as well; otherwise states count as independent.
class Mbar {
 public:
  /// Throws Error for fewer than two samples in a state, sizes that do not fit, or a sample whose
  /// energy in its own state is not finite.
  explicit Mbar(MbarSamples samples);

  int states() const { return static_cast<int>(samples_.counts.size()); }
  /// f_k - f_0. The error is NaN where the states do not overlap.
  FreeEnergy free_energy(int state) const;
  /// The mean of an observable, given for all pooled samples, in a state of reduced energies
  /// `target` (beta U_n for a temperature), which need not be one of the K. effective_samples is
  /// (sum w)^2 / sum w^2 of the weights of the samples; without any weight all is NaN.
  Estimate expectation(const std::vector<double> &observable,
                       const std::vector<double> &target) const;

 private:
  size_t total() const { return log_mixture_.size(); }
  void solve();
  /// ln sum_l N_l exp(f_l - u_l(n)) of all samples; p_k(n); the convex function.
  std::vector<double> log_mixture(const std::vector<double> &f) const;
  std::vector<std::vector<double>> shares(const std::vector<double> &f,
                                          const std::vector<double> &log_mixture) const;
  double objective(const std::vector<double> &f) const;
  /// Standard error of a sum over all samples.
  double error_of_sum(const std::vector<double> &influence) const;
  /// The influence of each sample on sum_k direction_k f_k.
  std::vector<double> influence(const std::vector<double> &direction) const;

  MbarSamples samples_;
  std::vector<double> f_, log_mixture_;
  std::vector<std::vector<double>> p_, factor_; // factor_: Cholesky factor of the Hessian
};

} // namespace nflow::estimators

#endif
