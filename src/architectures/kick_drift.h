#ifndef NFLOW_ARCHITECTURES_KICK_DRIFT_H
#define NFLOW_ARCHITECTURES_KICK_DRIFT_H

#include "architectures/flow_options.h"

#include <torch/script.h>

namespace nflow {

/// The flow `kick-drift`, boltzmann prior, periodic: learned damped dynamics (docs/flows.md):
/// alternating momentum kicks by radial forces between species, and drifts. Equivariant under
/// permutations within a species, translations, rotations and reflections that the box allows;
/// constant log-det.
/// Throws Error where the options do not fit (check_flow_options does).
torch::jit::Module build_kick_drift(const FlowOptions &options);

/// Step of the untrained dynamics, in units of the most frequent species, for temperatures up to
/// k_B T = epsilon: measured to be safe.
double default_timestep(int layers);

} // namespace nflow

#endif
