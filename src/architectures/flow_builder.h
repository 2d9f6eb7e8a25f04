#ifndef NFLOW_ARCHITECTURES_FLOW_BUILDER_H
#define NFLOW_ARCHITECTURES_FLOW_BUILDER_H

#include "architectures/flow_options.h"
#include "model/metadata.h"

#include <torch/script.h>

namespace nflow {

/// A flow of the model contract (docs/model-contract.md), gaussian prior, assembled from the
/// TorchScript sources of this folder: forward(u [B, S, n, d], tau [2]) -> (v, log_det [B] float64)
/// and inverse. Near the identity in the couplings; the weights depend on options.seed alone. S = 2
/// for tsf (augmented, volume preserving but for a constant), 1 for rnvp. Parameters require
/// gradients; the module is in training mode (eval() before freezing). Throws Error for impossible
/// options.
torch::jit::Module build_flow(const FlowOptions &options);

/// nflow.json of that flow, without types, units and provenance.
Metadata flow_metadata(const FlowOptions &options, double temperature);

/// Sets the constants that come from data [N, n, d] float64 at temperature options.tau: mean,
/// scale, and in the structured form the mixing matrix from independent component analysis. The
/// latent scale k starts at one in units of data spread / sqrt(tau). Throws Error where a
/// coordinate does not vary.
void initialise_from_data(torch::jit::Module &flow, const FlowOptions &options,
                          const torch::Tensor &data);

/// Number of trainable numbers.
int64_t parameter_count(const torch::jit::Module &flow);

} // namespace nflow

#endif
