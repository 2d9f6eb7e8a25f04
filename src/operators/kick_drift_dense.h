#ifndef NFLOW_OPERATORS_KICK_DRIFT_DENSE_H
#define NFLOW_OPERATORS_KICK_DRIFT_DENSE_H

#include "operators/kick_drift_arguments.h"

#include <tuple>

namespace nflow::operators {

/// Pairs of atoms that the map below works on at a time: 160 MB an array in float64, of which it
/// holds about twenty (measured: 3.5 GB).
constexpr int64_t default_pairs_at_once = 20'000'000;

/// nflow::kick_drift by LibTorch's own operations on all pairs of atoms, for devices for which
/// there is no other version: (points, log_det) as the operator. O(n^2) also for large systems.
/// Differentiable by points and weights through autograd, which keeps what it computes of all pairs
/// and layers; only without gradients is the memory bounded by `pairs_at_once`. `arguments` need
/// not be prepared.
std::tuple<torch::Tensor, torch::Tensor>
kick_drift_dense(KickDriftArguments arguments, const torch::Tensor &points,
                 int64_t pairs_at_once = default_pairs_at_once);

} // namespace nflow::operators

#endif
