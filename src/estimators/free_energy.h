#ifndef NFLOW_ESTIMATORS_FREE_ENERGY_H
#define NFLOW_ESTIMATORS_FREE_ENERGY_H

#include <vector>

namespace nflow::estimators {

// Works are reduced (dimensionless): w_F = h_1(f(v)) - h_0(v) - log_det with v of state 0, w_R the
// same of the inverse map with v of state 1. A work that is not finite belongs to a configuration
// that was rejected (an overlap, a broken energy) and has weight zero: it counts as +infinity.

/// Delta f = f_1 - f_0 = -ln(Z_1/Z_0), dimensionless, with one standard error. Both are NaN where
/// there are too few data.
struct FreeEnergy {
  double value, error;
};

/// Exponential average, Delta f = -ln <exp(-w)>_0 (Zwanzig, J. Chem. Phys. 22, 1420, 1954), of
/// works in the order of the simulation. The error bar accounts for autocorrelation; it is that of
/// small errors, and too small where a handful of works dominates (ess_fraction(-w) times their
/// number). Needs two works, of which one is finite.
FreeEnergy exp_estimate(const std::vector<double> &works);

/// Bennett's acceptance ratio (J. Comput. Phys. 22, 245, 1976): the root of
///   sum_F 1/(1 + exp(M + w_F - Delta f)) = sum_R 1/(1 + exp(-M + w_R + Delta f)),
/// M = ln(n_F/n_R), both series in the order of the simulation. The error bar accounts for
/// autocorrelation. Series of equal length are taken as pairs (attempt k gave forward[k] and
/// backward[k]), whose correlation counts, too; series of unequal length as independent of each
/// other. Needs two works in each direction, of which one is finite. Like all error bars of this
/// kind it knows nothing of what neither direction has visited: look at ess_fraction of both as
/// well.
FreeEnergy bar(const std::vector<double> &forward, const std::vector<double> &backward);

} // namespace nflow::estimators

#endif
