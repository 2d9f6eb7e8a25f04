#include "architectures/spline.h"

#include "architectures/module_assembler.h"
#include "architectures/source_text.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nflow {

namespace {

class SplineAssembler : ModuleAssembler {
 public:
  explicit SplineAssembler(const FlowOptions &options)
      : ModuleAssembler(options), active_(static_cast<int64_t>(options.start.active.size())),
        couplings_(std::min<int64_t>(active_, 2) == 2 ? options.couplings
                                                      : static_cast<int>(active_)),
        flow_("__torch__.nflow_spline") {}

  torch::jit::Module build() {
    const auto &start = o_.start;
    flow_.register_buffer("active", torch::tensor(start.active, torch::kInt64));
    for (const auto &[name, values] : {std::pair("origin", &start.origin),
                                       {"centre", &start.centre},
                                       {"unit", &start.unit},
                                       {"pace", &start.pace},
                                       {"middle", &start.middle},
                                       {"bound", &start.bound}})
      constant(flow_, name, torch::tensor(*values, torch::kFloat64));
    constant(flow_, "log_start", torch::tensor(start.scale, torch::kFloat64).log());
    for (const auto name : {"gain", "shift"})
      parameter(flow_, name, torch::zeros({o_.n_atoms * o_.dim}, torch::kFloat64));
    for (int i = 0; i < couplings_; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    define(flow_, "spline_flow", 0);
    flow_.train();
    return flow_;
  }

 private:
  void define(torch::jit::Module &module, const std::string &source, int64_t moved) {
    module.define(expanded_source(source,
                                  {{"bins", std::to_string(o_.bins)},
                                   {"moved", std::to_string(moved)},
                                   {"activation", o_.activation}},
                                  {{"coupling", couplings_}, {"layer", o_.depth}}));
  }

  /// Couplings 0, 1, 4, 5, .. part the active coordinates by even and odd places, the others into a
  /// first and a second half; of each two, one moves what the other keeps.
  bool moves(int number, int64_t place) const {
    const bool second = number % 4 < 2 ? place % 2 == 1 : place >= (active_ + 1) / 2;
    return second == (number % 2 == 1);
  }

  torch::jit::Module coupling(int number) {
    torch::jit::Module module("__torch__.nflow_spline_coupling_" + std::to_string(number));
    std::vector<int64_t> moved, kept;
    for (int64_t place = 0; place < active_; place++)
      (moves(number, place) ? moved : kept).push_back(place);
    std::vector<int64_t> order = moved, back(active_);
    order.insert(order.end(), kept.begin(), kept.end());
    for (int64_t i = 0; i < active_; i++) back[order[i]] = i;
    module.register_buffer("moved", torch::tensor(moved, torch::kInt64));
    module.register_buffer("kept", torch::tensor(kept, torch::kInt64));
    module.register_buffer("back", torch::tensor(back, torch::kInt64));
    const auto count = static_cast<int64_t>(moved.size());
    add_conditioner(module, static_cast<int64_t>(kept.size()), count * (3 * o_.bins - 1));
    define(module, "rational_quadratic", count);
    define(module, "spline_tails", count);
    define(module, "spline_coupling", count);
    return module;
  }

  void add_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    // Zero: the spline starts as the identity.
    parameter(module, "bias_out", torch::zeros({out}, torch::kFloat64));
    if (in == 0) {
      define(module, "conditioner_none", 0);
      return;
    }
    for (int layer = 0; layer < o_.depth; layer++) {
      const auto number = std::to_string(layer);
      const int64_t inputs = layer == 0 ? in : o_.hidden;
      random(module, "weight_" + number, {inputs, o_.hidden}, 1.0 / std::sqrt(inputs));
      random(module, "bias_" + number, {o_.hidden}, 0.5);
    }
    parameter(module, "weight_out", torch::zeros({o_.hidden, out}, torch::kFloat64));
    define(module, "conditioner_mlp", 0);
  }

  const int64_t active_;
  const int couplings_;
  torch::jit::Module flow_;
};

} // namespace

torch::jit::Module build_spline(const FlowOptions &options) {
  return SplineAssembler(options).build();
}

} // namespace nflow
