#ifndef NFLOW_MODEL_FROZEN_MODULE_H
#define NFLOW_MODEL_FROZEN_MODULE_H

#include <string>
#include <torch/script.h>
#include <vector>

namespace nflow {

/// torch::jit::freeze for these methods. LibTorch leaves pointers to the inlined functions that it
/// then deletes, and follows them to word an error; here they are set to the methods. What it does
/// not make a constant, although nothing changes it (check_graphs), becomes one here. Constants are
/// moved to `device`, where the attributes of the module are.
torch::jit::Module frozen_module(const torch::jit::Module &module,
                                 const std::vector<std::string> &methods,
                                 const torch::Device &device);

} // namespace nflow

#endif
