#include "model/frozen_module.h"

#include "model/attribute_constants.h"

#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/ir/scope.h>

namespace nflow {

namespace {

using namespace torch::jit;

void own_call_stacks(Block *block, Function &owner) {
  for (Node *node : block->nodes()) {
    if (node->callstack())
      node->setCallStack(c10::make_intrusive<InlinedCallStack>(&owner, node->sourceRange()));
    for (Block *inner : node->blocks()) own_call_stacks(inner, owner);
  }
}

} // namespace

Module frozen_module(const Module &module, const std::vector<std::string> &methods,
                     const torch::Device &device) {
  auto result = torch::jit::freeze(module, methods);
  for (const auto &name : methods) {
    const auto method = result.get_method(name);
    attributes_to_constants(*method.graph(), result);
    if (!device.is_cpu()) move_constants(*method.graph(), device);
    own_call_stacks(method.graph()->block(), method.function());
  }
  return result;
}

} // namespace nflow
