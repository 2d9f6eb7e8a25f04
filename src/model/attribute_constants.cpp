#include "model/attribute_constants.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

namespace nflow {

namespace {

using namespace torch::jit;

class Replacement {
 public:
  Replacement(Graph &graph, const Module &module) : graph_(graph) {
    if (!graph.inputs().empty()) known_[graph.inputs()[0]] = module._ivalue();
  }

  void visit(Block *block) {
    for (Node *node : block->nodes()) {
      for (Block *inner : node->blocks()) visit(inner);
      if (node->kind() == prim::GetAttr) replace(node);
    }
  }
  const std::map<const Node *, std::string> &names() const { return names_; }

 private:
  void replace(Node *node) {
    const auto owner = known_.find(node->input());
    if (owner == known_.end()) return;
    const auto name = node->s(attr::name);
    const auto value = owner->second->getAttr(name);
    if (value.isObject()) known_[node->output()] = value.toObject();
    if (!value.isTensor() || !value.toTensor().defined()) return;
    const WithInsertPoint here(node);
    Value *constant = graph_.insertConstant(value.toTensor().detach());
    names_[constant->node()] = name;
    node->output()->replaceAllUsesWith(constant);
  }

  Graph &graph_;
  std::map<const Value *, c10::intrusive_ptr<c10::ivalue::Object>> known_;
  std::map<const Node *, std::string> names_;
};

void move_constants(Block *block, const torch::Device &device) {
  for (Node *node : block->nodes()) {
    for (Block *inner : node->blocks()) move_constants(inner, device);
    if (node->kind() != prim::Constant) continue;
    const auto value = toIValue(node->output());
    if (!value) continue;
    const WithInsertPoint here(node);
    if (value->isTensor() && value->toTensor().defined())
      node->output()->replaceAllUsesWith(
          node->owningGraph()->insertConstant(value->toTensor().to(device)));
    else if (value->isDevice())
      node->output()->replaceAllUsesWith(node->owningGraph()->insertConstant(device));
  }
}

} // namespace

std::map<const Node *, std::string> attributes_to_constants(Graph &graph, const Module &module) {
  Replacement replacement(graph, module);
  replacement.visit(graph.block());
  return replacement.names();
}

void move_constants(Graph &graph, const torch::Device &device) {
  move_constants(graph.block(), device);
}

} // namespace nflow
