#ifndef NFLOW_MODEL_OPERATOR_RESOLVER_H
#define NFLOW_MODEL_OPERATOR_RESOLVER_H

#include <torch/csrc/jit/frontend/resolver.h>

#include <memory>
#include <string>

namespace nflow {

/// Finds `nflow` in the TorchScript source: the operators of src/operators.
struct OperatorResolver : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue>
  resolveValue(const std::string &name, torch::jit::GraphFunction &function,
               const torch::jit::SourceRange &place) override {
    if (name == "nflow") return std::make_shared<torch::jit::BuiltinModule>("nflow");
    return NativeResolver::resolveValue(name, function, place);
  }
};

} // namespace nflow

#endif
