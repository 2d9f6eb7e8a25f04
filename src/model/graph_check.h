#ifndef NFLOW_MODEL_GRAPH_CHECK_H
#define NFLOW_MODEL_GRAPH_CHECK_H

#include <string>
#include <torch/script.h>

namespace nflow {

/// Looks through the compiled code of a module, before any of it runs: only operators of the list
/// of allowed_operators.h, and, in the methods of the contract, no write to what outlives a call,
/// no dropout or batch statistics of training. Throws Error with the operator and the method.
void check_graphs(const torch::jit::Module &module, const std::string &path);

} // namespace nflow

#endif
