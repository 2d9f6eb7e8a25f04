#ifndef NFLOW_ARCHITECTURES_ICA_H
#define NFLOW_ARCHITECTURES_ICA_H

#include <torch/types.h>

#include <cstdint>

namespace nflow {

/// Independent component analysis (FastICA, symmetric, tanh contrast) of data [N, D] float64 with
/// zero mean: returns the mixing matrix A [D, D] of x = A y with uncorrelated y of unit variance,
/// as independent as a linear map makes them. Deterministic in `seed`. Throws Error where a
/// coordinate, or a combination of coordinates, does not vary.
torch::Tensor independent_components(const torch::Tensor &data, uint32_t seed);

} // namespace nflow

#endif
