#ifndef NFLOW_TORUS_SPLINE_H
#define NFLOW_TORUS_SPLINE_H

#include "architectures/flow_options.h"

#include <torch/script.h>

namespace nflow {

/// The flow `torus-spline`, boltzmann prior, periodic: couplings by coordinate with circular
/// rational-quadratic splines, conditioned by attention over particles (Wirnsberger et al. 2022).
torch::jit::Module build_torus_spline(const FlowOptions &options);

} // namespace nflow

#endif
