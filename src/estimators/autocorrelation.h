#ifndef NFLOW_ESTIMATORS_AUTOCORRELATION_H
#define NFLOW_ESTIMATORS_AUTOCORRELATION_H

#include <vector>

namespace nflow::estimators {

/// The mean of a correlated series.
struct Estimate {
  double mean = 0.0;
  double error = 0.0;             // standard error of the mean: sqrt(variance tau / N)
  double tau = 1.0;               // 1 + 2 sum of the autocorrelations: 1 for independent samples
  double effective_samples = 0.0; // N / tau

  /// (mean - exact) / error; 0 where both are the same number, infinite where only the error is
  /// zero.
  double z_score(double exact) const;
};

/// 1 + 2 sum_{t=1..M} rho(t), where M is the smallest window with M >= `window_factor` tau(M)
/// (Sokal's automatic window). In samples; at least 1/N, and 1 for a constant series or fewer than
/// two samples. Costs N M operations.
double integrated_autocorrelation_time(const std::vector<double> &series,
                                       double window_factor = 5.0);

/// Mean and its standard error from the integrated autocorrelation time.
Estimate mean_with_error(const std::vector<double> &series);

/// The same in O(N), from the means of 4096 blocks of consecutive samples where there are more
/// samples; tau is in samples all the same.
Estimate mean_of_many(const std::vector<double> &series);

/// The variance of the distribution behind the series and its standard error, from the series
/// (value - mean)^2.
Estimate variance_with_error(const std::vector<double> &series);

/// Standard error of the mean from the means of `blocks` equal blocks (the remainder is left out).
/// Throws Error if there are fewer than two blocks, or fewer samples than blocks.
double block_error(const std::vector<double> &series, int blocks);

} // namespace nflow::estimators

#endif
