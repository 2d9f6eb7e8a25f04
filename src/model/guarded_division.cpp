#include "model/guarded_division.h"

#include <ATen/core/stack.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

namespace nflow {

namespace {

using namespace torch::jit;

void require_divisible(const c10::IValue &a, const c10::IValue &b) {
  if (!a.isInt() || !b.isInt()) return;
  if (b.toInt() == 0 || (b.toInt() == -1 && a.toInt() == std::numeric_limits<int64_t>::min()))
    throw std::runtime_error("integer division by zero or out of range");
}

/// Replaces the overloads for numbers of one operator by guarded ones, in their order: that in
/// which the compiler tries them.
void guard(const char *name) {
  std::vector<std::shared_ptr<Operator>> of_numbers;
  for (const auto &op : getAllOperatorsFor(c10::Symbol::fromQualString(name)))
    if (!op->isC10Op()) of_numbers.push_back(op);
  for (const auto &op : of_numbers) {
    const auto &schema = op->schema();
    deregisterOperator(schema);
    registerOperator(Operator(
        schema.name(), schema.overload_name(), schema.arguments(), schema.returns(),
        [op](Stack &stack) {
          require_divisible(peek(stack, 0, 2), peek(stack, 1, 2));
          op->getOperation()(stack);
        },
        c10::AliasAnalysisKind::FROM_SCHEMA));
  }
}

} // namespace

void guard_integer_division() {
  static const bool done = [] {
    guard("aten::floordiv");
    guard("aten::remainder");
    return true;
  }();
  static_cast<void>(done);
}

} // namespace nflow
