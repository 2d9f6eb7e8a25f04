#include "model/graph_check.h"

#include "base/error.h"
#include "model/allowed_operators.h"
#include "model/attribute_constants.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/lower_tuples.h>

#include <map>

namespace nflow {

namespace {

using namespace torch::jit;

constexpr int64_t most_nodes = 1000000; // of a method with all that it calls

/// Calls `visit` for every node of a block and of the blocks inside it.
template <typename Visit>
void for_each_node(const Block *block, const Visit &visit) {
  for (const Node *node : block->nodes()) {
    visit(node);
    for (const Block *inner : node->blocks()) for_each_node(inner, visit);
  }
}

/// Class and method without the prefixes that LibTorch puts before them.
std::string place_of(const Function &function) {
  const auto name = function.qualname();
  const auto prefix = name.prefix();
  const auto owner = prefix.substr(prefix.rfind('.') + 1);
  return (owner.empty() ? "" : owner + ".") + name.name();
}

void check_operators(const Function &function, const Graph &graph, const std::string &path) {
  for_each_node(graph.block(), [&](const Node *node) {
    const std::string kind = node->kind().toQualString();
    if (kind == "prim::SetAttr")
      refuse_code(path, place_of(function), "changes its own attribute " + node->s(attr::name));
    if (!is_allowed_operator(kind))
      refuse_code(path, place_of(function), "calls the operator " + kind);
  });
}

/// Nodes of a function with all that it calls, as often as it calls it.
class InlinedSize {
 public:
  int64_t of(const Function *function) {
    const auto known = sizes_.find(function);
    if (known != sizes_.end()) return known->second;
    sizes_[function] = most_nodes; // where it calls itself
    int64_t size = 0;
    for_each_node(toGraphFunction(*const_cast<Function *>(function)).graph()->block(),
                  [&](const Node *node) { size = std::min(most_nodes, size + 1 + callee(node)); });
    return sizes_[function] = size;
  }

 private:
  int64_t callee(const Node *node) {
    const auto *called = tryToGraphFunction(const_cast<Node *>(node));
    return called ? of(called) : 0;
  }
  std::map<const Function *, int64_t> sizes_;
};

/// Where the graph executor of the process was told not to optimise, a call of Inline() leaves what
/// the called methods call. No model calls itself (InlinedSize).
void inline_all(Graph &graph) {
  bool calls = true;
  while (calls) {
    Inline(graph);
    calls = false;
    for_each_node(graph.block(), [&](const Node *node) {
      calls = calls || tryToGraphFunction(const_cast<Node *>(node));
    });
  }
}

/// A model may write to its arguments, which are copies.
void copy_arguments(Graph &graph) {
  WithInsertPoint at_start(*graph.nodes().begin());
  for (Value *input : graph.inputs()) {
    if (!input->type()->isSubtypeOf(*TensorType::get())) continue;
    const auto users = input->uses();
    auto *copy = graph.insert(aten::clone, {input});
    for (const auto &use : users) use.user->replaceInput(use.offset, copy);
  }
}

bool outlives_a_call(const Node *node) {
  return (node->kind() == prim::GetAttr || node->kind() == prim::Constant) && node->hasUses();
}

/// Whether a list holds the indices of x[i, j] and nothing else; nothing writes to these.
bool holds_indices(const Node *node) {
  if (node->kind() != prim::ListConstruct) return false;
  for (const auto &use : node->output()->uses())
    if (std::string(use.user->kind().toQualString()).rfind("aten::index", 0) != 0 ||
        use.offset != 1)
      return false;
  return true;
}

/// LibTorch takes what stands in a list for all that stands in any other: indices would be said to
/// change with what else is written to.
void take_out_of_lists(const std::shared_ptr<Graph> &graph) {
  const WithInsertPoint at_start(*graph->nodes().begin());
  Value *none = graph->insertConstant(c10::IValue());
  for_each_node(graph->block(), [&](const Node *node) {
    if (!holds_indices(node)) return;
    for (size_t i = 0; i < node->inputs().size(); i++)
      const_cast<Node *>(node)->replaceInput(i, none);
  });
}

void check_state(const Function &function, const std::shared_ptr<Graph> &graph,
                 const Module &module, const std::string &path) {
  LowerSimpleTuples(graph);
  const auto names = attributes_to_constants(*graph, module);
  take_out_of_lists(graph);
  const AliasDb aliases(graph);
  for_each_node(graph->block(), [&](const Node *node) {
    if (!outlives_a_call(node) || !aliases.hasOutputWriters(node)) return;
    const auto known = names.find(node);
    const auto name = node->kind() == prim::GetAttr ? node->s(attr::name)
                      : known != names.end()        ? known->second
                                                    : "";
    refuse_code(path, place_of(function),
                name.empty() ? "changes one of its constants"
                             : "changes its own attribute " + name);
  });
}

/// Layers that are maps in eval mode only.
void check_modes(const Function &function, const Graph &graph, const std::string &path) {
  const std::pair<const char *, size_t> modes[] = {{"aten::dropout", 2}, {"aten::batch_norm", 5}};
  for_each_node(graph.block(), [&](const Node *node) {
    for (const auto &mode : modes) {
      if (std::string(node->kind().toQualString()).rfind(mode.first, 0) != 0) continue;
      const auto *training = node->inputs().at(mode.second)->node();
      const auto constant = toIValue(node->inputs().at(mode.second));
      const bool attribute =
          training->kind() == prim::GetAttr && training->s(attr::name) == "training";
      if (!attribute && (!constant || !constant->isBool() || constant->toBool()))
        refuse_code(path, place_of(function),
                    std::string("calls the operator ") + mode.first + " as in training");
    }
  });
}

/// Loading does not compare what was stored with what the class declares.
void check_attributes(const Module &module, const std::string &path) {
  for (const auto &part : module.modules()) {
    const auto object = part._ivalue();
    const auto type = object->type();
    for (size_t i = 0; i < type->numAttributes(); i++)
      if (!object->getSlot(i).type()->isSubtypeOf(*type->getAttribute(i)))
        throw Error("model file '" + path + "' has an attribute " + type->getAttributeName(i) +
                    " that is not of its declared type: write the file again");
  }
}

} // namespace

void check_graphs(const Module &module, const std::string &path) {
  check_attributes(module, path);
  InlinedSize size;
  for (auto *function : module._ivalue()->compilation_unit()->get_functions()) {
    check_operators(*function, *toGraphFunction(*function).graph(), path);
    if (size.of(function) >= most_nodes)
      refuse_code(path, place_of(*function), "has more than a million operations");
  }
  for (const char *name : {"forward", "inverse", "forward_masked", "inverse_masked", "energy",
                           "energy_and_gradient"}) {
    const auto method = module.find_method(name);
    if (!method) continue;
    const auto graph = method->graph()->copy();
    inline_all(*graph);
    copy_arguments(*graph);
    check_state(method->function(), graph, module, path);
    check_modes(method->function(), *graph, path);
  }
}

} // namespace nflow
