#include "architectures/torus_spline.h"

#include "architectures/module_assembler.h"
#include "architectures/source_text.h"

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr double pi = 3.14159265358979323846;

class TorusSplineAssembler : ModuleAssembler {
 public:
  explicit TorusSplineAssembler(const FlowOptions &options)
      : ModuleAssembler(options), species_(species_of(options.types)),
        count_(1 + *std::max_element(species_.begin(), species_.end())),
        angles_((options.dim - 1) * torus_harmonics(options)), flow_("__torch__.nflow_torus") {}

  torch::jit::Module build() {
    constant(flow_, "box", torch::tensor(o_.box, torch::kFloat64));
    for (int i = 0; i < o_.couplings; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    define(flow_, "torus_flow");
    flow_.train();
    return flow_;
  }

 private:
  void define(torch::jit::Module &module, const std::string &source) {
    const auto text = [](int64_t value) { return std::to_string(value); };
    module.define(expanded_source(
        source,
        {{"turn", text(o_.couplings % o_.dim)},
         {"others", text(o_.dim - 1)},
         {"bins", text(o_.bins)},
         {"width", text(o_.hidden)},
         {"heads", text(torus_heads)},
         {"angles", text(angles_)},
         {"harmonics", text(torus_harmonics(o_))},
         {"key_scale", std::to_string(1.0 / std::sqrt(1.0 * o_.hidden / torus_heads))},
         {"activation", o_.activation}},
        {{"coupling", o_.couplings}, {"layer", o_.depth}}));
  }

  torch::jit::Module coupling(int number) {
    const auto name = "__torch__.nflow_torus_coupling_" + std::to_string(number);
    torch::jit::Module module(name);
    module.register_buffer("species", torch::tensor(species_, torch::kInt64));
    constant(module, "harmonics",
             2.0 * pi * torch::arange(1, 1 + torus_harmonics(o_), torch::kFloat64));
    random(module, "weight_in", {2 * angles_, o_.hidden}, 1.0 / std::sqrt(angles_));
    random(module, "embedding", {count_, o_.hidden}, 1.0);
    for (int layer = 0; layer < o_.depth; layer++) {
      torch::jit::Module block(name + "_block_" + std::to_string(layer));
      add_attention(block);
      module.register_module("block_" + std::to_string(layer), block);
    }
    // Small enough that atoms of a dense liquid do not overlap at the start.
    random(module, "weight_out", {o_.hidden, 3 * o_.bins + 2}, 1e-3 / std::sqrt(o_.hidden));
    parameter(module, "bias_out", torch::zeros({3 * o_.bins + 2}));
    // Anywhere on the circle, each coupling and species somewhere else.
    random(module, "seam", {count_, 1}, 1.0);
    define(module, "rational_quadratic");
    define(module, "torus_spline");
    define(module, "torus_coupling");
    return module;
  }

  void add_attention(torch::jit::Module &block) {
    const int64_t width = o_.hidden, columns = 3 * width + 2 * torus_heads * angles_;
    const double share = 1.0 / std::sqrt(width);
    random(block, "weight_in", {width, columns}, share);
    // Of the amplitudes, so that every head sees its own mixture of distances.
    random(block, "bias_in", {columns}, 0.5);
    const int64_t means = width + 2 * torus_heads * angles_;
    random(block, "weight_means", {means, width}, 1.0 / std::sqrt(means));
    random(block, "weight_hidden", {width, width}, share);
    parameter(block, "bias_hidden", torch::zeros({width}));
    random(block, "weight_back", {width, width}, share);
    define(block, "torus_attention");
  }

  const std::vector<int64_t> species_;
  const int64_t count_, angles_;
  torch::jit::Module flow_;
};

} // namespace

int64_t torus_harmonics(const FlowOptions &options) {
  double volume = 1.0;
  for (const double length : options.box) volume *= length;
  const double distance = std::pow(volume / options.n_atoms, 1.0 / options.dim);
  const double longest = *std::max_element(options.box.begin(), options.box.end());
  return static_cast<int64_t>(std::clamp(std::ceil(longest / distance), 4.0, 32.0));
}

torch::jit::Module build_torus_spline(const FlowOptions &options) {
  return TorusSplineAssembler(options).build();
}

} // namespace nflow
