#ifndef NFLOW_KICK_DRIFT_H
#define NFLOW_KICK_DRIFT_H

#include "architectures/flow_options.h"

#include <torch/script.h>

namespace nflow {

/// The flow `kick-drift`, boltzmann prior, periodic: learned damped dynamics (docs/flows.md):
/// alternating momentum kicks by radial forces between species, and drifts. Equivariant under
/// permutations within a species, translations, rotations and reflections that the box allows;
/// constant log-det.
torch::jit::Module build_kick_drift(const FlowOptions &options);

} // namespace nflow

#endif
