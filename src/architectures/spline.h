#ifndef NFLOW_ARCHITECTURES_SPLINE_H
#define NFLOW_ARCHITECTURES_SPLINE_H

#include "architectures/flow_options.h"

#include <torch/script.h>

namespace nflow {

/// The flow `spline`, boltzmann prior, for open systems, S = 1: a scale and a shift of every
/// coordinate, then couplings of the active coordinates by rational-quadratic splines with linear
/// tails (Durkan et al. 2019), conditioned by multilayer perceptrons; options.start says where it
/// begins. The couplings start as the identity. One active coordinate gets one spline that depends
/// on nothing, none gets none. options.hidden must be set. Throws Error where the options do not
/// fit (check_flow_options does).
torch::jit::Module build_spline(const FlowOptions &options);

} // namespace nflow

#endif
