#ifndef NFLOW_ARCHITECTURES_FLOW_BUILDER_H
#define NFLOW_ARCHITECTURES_FLOW_BUILDER_H

#include "architectures/architecture.h"

#include <torch/script.h>

namespace nflow {

/// A flow of the model contract (docs/model-contract.md), assembled from the TorchScript sources
/// of this folder: forward(u [B, S, n, d], tau [2]) -> (v, log_det [B] float64) and inverse. Near
/// the identity in the couplings; the weights depend on setting.seed alone. Parameters require
/// gradients; the module is in training mode (eval() before freezing). Throws Error for an
/// impossible setting.
torch::jit::Module build_flow(const FlowSetting &setting);

/// nflow.json of that flow, without provenance.
Metadata flow_metadata(const FlowSetting &setting);

/// Of a flow with a gaussian prior: sets the constants that come from data [N, n, d] float64 at
/// the temperature of the setting: mean, scale, and in the structured form the mixing matrix from
/// independent component analysis. The latent scale k starts at one in units of data spread /
/// sqrt(tau). Throws Error where a coordinate does not vary.
void initialise_from_data(torch::jit::Module &flow, const FlowSetting &setting,
                          const torch::Tensor &data);

/// Number of trainable numbers.
int64_t parameter_count(const torch::jit::Module &flow);

} // namespace nflow

#endif
