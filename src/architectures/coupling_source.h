#ifndef NFLOW_ARCHITECTURES_COUPLING_SOURCE_H
#define NFLOW_ARCHITECTURES_COUPLING_SOURCE_H

#include "architectures/source_text.h"
#include "model/operator_resolver.h"
#include "operators/coupling_form.h"

#include <torch/script.h>

#include <map>
#include <string>
#include <vector>

namespace nflow {

/// A flow whose couplings are evaluated by torch.ops.nflow.coupling_flow: which numbers each
/// coupling moves and keeps, and what the operator is told of the networks.
class CouplingSource {
 public:
  std::string kind, activation; // as the operator has them
  int64_t mixed = 0, units = 0, bins = 0;
  std::vector<int64_t> hidden;

  void add(const std::vector<int64_t> &moved, const std::vector<int64_t> &kept) {
    sizes_.push_back(static_cast<int64_t>(moved.size()));
    sizes_.push_back(static_cast<int64_t>(kept.size()));
    places_.insert(places_.end(), moved.begin(), moved.end());
    places_.insert(places_.end(), kept.begin(), kept.end());
  }
  int count() const { return static_cast<int>(sizes_.size() / 2); }
  /// What a source that calls the operator has to be told.
  std::map<std::string, std::string> values() const {
    return {{"kind", kind},
            {"activation", activation},
            {"mixed", std::to_string(mixed)},
            {"units", std::to_string(units)},
            {"bins", std::to_string(bins)},
            {"hidden", counts(hidden)},
            {"sizes", counts(sizes_)}};
  }
  /// The places of the numbers, and what the operator wants behind the weights, as buffers.
  void add_buffers(torch::jit::Module &flow, torch::ScalarType type) const {
    flow.register_buffer("places", torch::tensor(places_, torch::kInt64));
    flow.register_buffer("padding", torch::zeros({operators::coupling_padding}, type));
  }
  /// Gives the flow, whose parameters and submodules are there, its methods: those of `parts`,
  /// sources that say what is before and behind the couplings, and forward and inverse.
  void define(torch::jit::Module &flow, torch::ScalarType type,
              const std::vector<std::string> &parts) const {
    add_buffers(flow, type);
    std::string source;
    for (const auto &part : parts) source += expanded_source(part, {}, {});
    source += expanded_source("operator_flow", values(), {{"coupling", count()}});
    flow.define(source, std::make_shared<OperatorResolver>());
  }

 private:
  static std::string counts(const std::vector<int64_t> &values) {
    std::string text;
    for (const int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
    return "[" + text + "]";
  }

  std::vector<int64_t> sizes_, places_;
};

} // namespace nflow

#endif
