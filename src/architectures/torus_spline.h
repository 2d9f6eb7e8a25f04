#ifndef NFLOW_ARCHITECTURES_TORUS_SPLINE_H
#define NFLOW_ARCHITECTURES_TORUS_SPLINE_H

#include "architectures/flow_options.h"

#include <torch/script.h>

namespace nflow {

/// The flow `torus-spline`, boltzmann prior, periodic: couplings by coordinate with circular
/// rational-quadratic splines, conditioned by attention over particles (Wirnsberger et al. 2022;
/// docs/flows.md). Equivariant under permutations within a species, not under translations. Starts
/// as the identity but for displacements of about 1e-4 of the box a coupling. options.hidden must
/// be set. Throws Error where the options do not fit (check_flow_options does).
torch::jit::Module build_torus_spline(const FlowOptions &options);

/// Harmonics of a coordinate that the attention sees: enough to resolve the mean distance between
/// neighbours, 4 to 32.
int64_t torus_harmonics(const FlowOptions &options);

} // namespace nflow

#endif
