#include "architectures/kick_drift.h"

#include "nflow_error.h"

namespace nflow {

torch::jit::Module build_kick_drift(const FlowOptions &) {
  throw Error("architecture kick-drift is not built yet");
}

} // namespace nflow
