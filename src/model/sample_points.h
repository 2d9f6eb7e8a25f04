#ifndef NFLOW_MODEL_SAMPLE_POINTS_H
#define NFLOW_MODEL_SAMPLE_POINTS_H

#include "model/metadata.h"

#include <vector>

namespace nflow {

/// `count` points [count, S, n, d] of the prior's side to try a flow with, always the same:
/// gaussian at k_B T = tau, or for a boltzmann prior near a typical configuration.
std::vector<double> prior_points(const Metadata &metadata, double tau, int64_t count);

} // namespace nflow

#endif
