#ifndef NFLOW_REFERENCE_COMPARISON_H
#define NFLOW_REFERENCE_COMPARISON_H

#include "estimators/autocorrelation.h"
#include "reference/exact_double_well64.h"
#include "reference/exact_multi_well.h"

#include <string>
#include <vector>

namespace nflow::reference {

/// One average over the samples beside its exact value.
struct Observable {
  std::string kind; // "mean energy", "<x>", ..: what is summed up in one line of the table
  std::string name; // kind and index
  estimators::Estimate estimate;
  double exact = 0.0;

  double z() const { return estimate.z_score(exact); }
};

/// Mean energy and its variance; <y_i>, <y_i^2> and P(y_i > 0) of every well; <x_i> and <x_i^2> of
/// every coordinate. `frames` is [count, dim], in the order of the simulation; error bars come from
/// the integrated autocorrelation time, those of well populations at least from the exact
/// probability.
std::vector<Observable> compare(const MultiWell &system, const ExactMultiWell &exact,
                                const std::vector<double> &frames);

/// The same of the 64-dimensional double well: mean energy and its variance, P(x_1 > 0), <x_i> and
/// <x_i^2> of all coordinates.
std::vector<Observable> compare(const ExactDoubleWell64 &exact, const std::vector<double> &frames);

/// The marginal density of one x_i in bins: sampled with error bars, and exact (the average over a
/// bin).
struct Marginal {
  int64_t coordinate = 0; // from 0
  std::vector<double> centre, sampled, error, exact;
  double mean_square_z = 0.0; // over the bins with at least ten independent samples expected
  double largest_z = 0.0;
  int64_t used_bins = 0;
};
Marginal compare_marginal(const ExactMultiWell &exact, const std::vector<double> &frames,
                          int64_t coordinate, int bins);

} // namespace nflow::reference

#endif
