#ifndef NFLOW_OPERATORS_OPERATORS_H
#define NFLOW_OPERATORS_OPERATORS_H

#include <string>
#include <vector>

namespace nflow {

/// The operators torch.ops.nflow.* of this library, which models may call. Calling this links the
/// library in, which registers them.
std::vector<std::string> operator_names();
/// Whether one of these has a version for CUDA devices.
bool runs_on_cuda(const std::string &name);

} // namespace nflow

#endif
