#ifndef NFLOW_ARCHITECTURES_TORSION_FIT_H
#define NFLOW_ARCHITECTURES_TORSION_FIT_H

#include "architectures/torsion_density.h"

#include <cstdint>
#include <vector>

namespace nflow {

/// How a density of torsions is made of samples.
struct TorsionFit {
  int64_t bins = 72;
  /// Of each torsion the number n for which phi + 2 pi / n is the same (3: a methyl); empty: 1 for
  /// all. Those of more than 1 stand for themselves.
  std::vector<int64_t> symmetry;
  double width = -1.0; // radians, of the gaussians that smooth; negative: by held-out likelihood
  double floor = 0.01; // the share of a uniform density in every table, so that no bin is empty
};

/// The density of these torsions: `angles` [N, m] in radians, in any period, in the order in which
/// they were sampled at kT. Torsions are paired (a forest) where that is worth it: where the
/// likelihood of stretches of samples that were held out gains by more than twice its error.
/// Throws Error for what is no sample, for fewer than 100, and for impossible options.
TorsionTables fit_torsions(const std::vector<double> &angles, int64_t torsions, double kT,
                           const TorsionFit &fit = {});

} // namespace nflow

#endif
