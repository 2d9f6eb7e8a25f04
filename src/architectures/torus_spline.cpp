#include "architectures/torus_spline.h"

#include "nflow_error.h"

namespace nflow {

torch::jit::Module build_torus_spline(const FlowOptions &) {
  throw Error("architecture torus-spline is not built yet");
}

} // namespace nflow
