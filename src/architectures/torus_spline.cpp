#include "architectures/architecture.h"
#include "architectures/module_assembler.h"
#include "architectures/shared_options.h"
#include "architectures/source_text.h"
#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int64_t heads = 4; // of the attention, which share the hidden units
constexpr int64_t usual_hidden = 32;

/// Harmonics of a coordinate that the attention sees: enough to resolve the mean distance between
/// neighbours, 4 to 32.
int64_t harmonics_of(const FlowSetting &setting) {
  double volume = 1.0;
  for (const double length : setting.box) volume *= length;
  const double distance = std::pow(volume / setting.n_atoms, 1.0 / setting.dim);
  const double longest = *std::max_element(setting.box.begin(), setting.box.end());
  return static_cast<int64_t>(std::clamp(std::ceil(longest / distance), 4.0, 32.0));
}

class TorusSplineAssembler : ModuleAssembler {
 public:
  explicit TorusSplineAssembler(const FlowSetting &setting)
      : ModuleAssembler(setting), species_(species_of(setting.types)),
        count_(1 + *std::max_element(species_.begin(), species_.end())),
        harmonics_(harmonics_of(setting)), angles_((setting.dim - 1) * harmonics_),
        hidden_(options::hidden_or(setting, usual_hidden)), bins_(options::bins(setting)),
        couplings_(static_cast<int>(options::couplings(setting))),
        depth_(static_cast<int>(options::depth(setting))), flow_("__torch__.nflow_torus") {}

  torch::jit::Module build() {
    constant(flow_, "box", torch::tensor(o_.box, torch::kFloat64));
    for (int i = 0; i < couplings_; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    define(flow_, "torus_flow");
    flow_.train();
    return flow_;
  }

 private:
  void define(torch::jit::Module &module, const std::string &source) {
    const auto text = [](int64_t value) { return std::to_string(value); };
    module.define(
        expanded_source(source,
                        {{"turn", text(couplings_ % o_.dim)},
                         {"others", text(o_.dim - 1)},
                         {"bins", text(bins_)},
                         {"width", text(hidden_)},
                         {"heads", text(heads)},
                         {"angles", text(angles_)},
                         {"harmonics", text(harmonics_)},
                         {"key_scale", std::to_string(1.0 / std::sqrt(1.0 * hidden_ / heads))},
                         {"activation", options::activation(o_)}},
                        {{"coupling", couplings_}, {"layer", depth_}}));
  }

  torch::jit::Module coupling(int number) {
    const auto name = "__torch__.nflow_torus_coupling_" + std::to_string(number);
    torch::jit::Module module(name);
    module.register_buffer("species", torch::tensor(species_, torch::kInt64));
    constant(module, "harmonics", 2.0 * pi * torch::arange(1, 1 + harmonics_, torch::kFloat64));
    random(module, "weight_in", {2 * angles_, hidden_}, 1.0 / std::sqrt(angles_));
    random(module, "embedding", {count_, hidden_}, 1.0);
    for (int layer = 0; layer < depth_; layer++) {
      torch::jit::Module block(name + "_block_" + std::to_string(layer));
      add_attention(block);
      module.register_module("block_" + std::to_string(layer), block);
    }
    // Small enough that atoms of a dense liquid do not overlap at the start.
    random(module, "weight_out", {hidden_, 3 * bins_ + 2}, 1e-3 / std::sqrt(hidden_));
    parameter(module, "bias_out", torch::zeros({3 * bins_ + 2}));
    // Anywhere on the circle, each coupling and species somewhere else.
    random(module, "seam", {count_, 1}, 1.0);
    define(module, "rational_quadratic");
    define(module, "torus_spline");
    define(module, "torus_coupling");
    return module;
  }

  void add_attention(torch::jit::Module &block) {
    const int64_t width = hidden_, columns = 3 * width + 2 * heads * angles_;
    const double share = 1.0 / std::sqrt(width);
    random(block, "weight_in", {width, columns}, share);
    // Of the amplitudes, so that every head sees its own mixture of distances.
    random(block, "bias_in", {columns}, 0.5);
    const int64_t means = width + 2 * heads * angles_;
    random(block, "weight_means", {means, width}, 1.0 / std::sqrt(means));
    random(block, "weight_hidden", {width, width}, share);
    parameter(block, "bias_hidden", torch::zeros({width}));
    random(block, "weight_back", {width, width}, share);
    define(block, "torus_attention");
  }

  const std::vector<int64_t> species_;
  const int64_t count_, harmonics_, angles_, hidden_, bins_;
  const int couplings_, depth_;
  torch::jit::Module flow_;
};

/// Couplings by coordinate with circular rational-quadratic splines, conditioned by attention over
/// particles (Wirnsberger et al. 2022; docs/flows.md). Equivariant under permutations within a
/// species, not under translations. Starts as the identity but for displacements of about 1e-4 of
/// the box a coupling.
class TorusSpline : public Architecture {
 public:
  TorusSpline() {
    properties_.name = "torus-spline";
    properties_.summary = "splines on coordinates of a periodic box";
    properties_.equivariant = true;
    properties_.prior = Prior::boltzmann;
    properties_.periodic = true;
  }
  std::vector<OptionText> options() const override {
    return {options::couplings, options::hidden, options::depth, options::activation,
            options::bins};
  }
  void check(const FlowSetting &o) const override {
    require(o.dim >= 2, "torus-spline maps one component given the others, so it needs atoms that "
                        "move in 2 or 3 components");
    require(options::bins(o) >= 2, "a spline needs at least 2 bins: raise --bins");
    require(options::hidden(o) % heads == 0, "--hidden of torus-spline is shared by " +
                                                 std::to_string(heads) +
                                                 " heads: give a multiple of that");
    require(o.temperatures.size() == 2,
            "torus-spline serves one pair of temperatures: give one pair, or use " +
                architectures_with([](const Properties &p) { return p.ladder; }, "or") +
                " for a ladder");
  }
  void check_system(const FlowSetting &setting, const StartingData &) const override {
    check(setting);
  }
  torch::jit::Module build(const FlowSetting &setting) const override {
    return TorusSplineAssembler(setting).build();
  }
};

} // namespace

std::unique_ptr<const Architecture> make_torus_spline() {
  return std::make_unique<TorusSpline>();
}

} // namespace nflow
