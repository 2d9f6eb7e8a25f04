#include "architectures/flow_builder.h"

#include "architectures/kick_drift.h"
#include "architectures/module_assembler.h"
#include "architectures/source_text.h"
#include "architectures/spline.h"
#include "architectures/torus_spline.h"

#include <cmath>

namespace nflow {

namespace {

/// Builds a flow with a gaussian prior.
class GaussianAssembler : ModuleAssembler {
 public:
  explicit GaussianAssembler(const FlowOptions &options)
      : ModuleAssembler(options), size_(options.n_atoms * options.dim),
        flow_("__torch__.nflow_" + options.architecture) {}

  torch::jit::Module build() {
    constant(flow_, "thermal", torch::full({}, std::sqrt(o_.tau), torch::kFloat64));
    const double per_coordinate = std::log(o_.length) - 0.5 * std::log(o_.tau);
    flow_.register_buffer("log_unit", torch::full({}, size_ * per_coordinate, torch::kFloat64));
    if (is_tsf()) {
      parameter(flow_, "log_scale", torch::zeros({}, torch::kFloat64));
      flow_.register_attribute("coordinates", c10::IntType::get(), size_);
    }
    add_target_map();
    for (int i = 0; i < o_.couplings; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    define(flow_, "flow_" + o_.architecture);
    flow_.train();
    return flow_;
  }

 private:
  bool is_tsf() const { return o_.architecture == "tsf"; }
  int64_t first() const { return size_ / 2; }
  int64_t second() const { return size_ - first(); }

  void define(torch::jit::Module &module, const std::string &source) {
    module.define(expanded_source(source,
                                  {{"activation", o_.activation},
                                   {"first", std::to_string(first())},
                                   {"second", std::to_string(second())}},
                                  {{"coupling", o_.couplings}, {"layer", o_.depth}}));
  }
  void add_target_map() {
    constant(flow_, "mean", torch::zeros({size_}));
    if (!o_.structured) {
      constant(flow_, "spread", torch::full({size_}, o_.length));
      define(flow_, "target_diagonal");
      return;
    }
    constant(flow_, "spread", torch::full({}, o_.length));
    constant(flow_, "identity", torch::eye(size_));
    constant(flow_, "permutation", torch::eye(size_));
    constant(flow_, "diagonal_sign", torch::ones({size_}));
    parameter(flow_, "lower", torch::zeros({size_, size_}));
    parameter(flow_, "upper", torch::zeros({size_, size_}));
    parameter(flow_, "log_diagonal", torch::zeros({size_}));
    define(flow_, "target_mixing");
  }

  torch::jit::Module coupling(int number) {
    // Even couplings of RNVP change the second half given the first, odd ones the other way round.
    const bool even = number % 2 == 0;
    const int64_t in = is_tsf() ? size_ : even ? first() : second();
    const int64_t out = is_tsf() ? size_ : even ? second() : first();
    torch::jit::Module module("__torch__.nflow_" + o_.architecture + "_coupling_" +
                              std::to_string(number));
    if (o_.structured)
      add_structured_conditioner(module, in, out);
    else
      add_mlp_conditioner(module, in, out);
    define(module, "coupling_" + o_.architecture);
    return module;
  }

  void add_mlp_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    const int64_t width = o_.hidden;
    for (int layer = 0; layer < o_.depth; layer++) {
      const auto number = std::to_string(layer);
      const int64_t inputs = layer == 0 ? in : width;
      random(module, "weight_" + number, {inputs, width}, 1.0 / std::sqrt(inputs));
      random(module, "bias_" + number, {width}, 0.5);
    }
    random(module, "weight_out", {width, 2 * out}, 0.1 / std::sqrt(width));
    parameter(module, "bias_out", torch::zeros({2 * out}));
    define(module, "conditioner_mlp");
  }

  void add_structured_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    const int64_t units = o_.units_per_coordinate;
    // Measured on the multi-well: wide slopes of the small networks and a dense part that starts
    // near zero reach in 3,000 steps what equal starts reach in 6,000.
    random(module, "dense_weight", {in, o_.hidden}, 1.0 / std::sqrt(in));
    random(module, "dense_bias", {o_.hidden}, 0.5);
    random(module, "output_dense", {o_.hidden, 2 * out}, 0.01 / std::sqrt(o_.hidden));
    parameter(module, "output_bias", torch::zeros({2 * out}));
    random(module, "unit_weight", {out, units}, 2.0);
    random(module, "unit_bias", {out, units}, 1.0);
    random(module, "unit_out", {out, units}, 0.1 / std::sqrt(units));
    auto partner = torch::zeros({in, out});
    for (int64_t j = 0; j < out; j++) partner[j % in][j] = 1.0;
    constant(module, "partner", partner);
    constant(module, "own", torch::eye(out));
    define(module, "conditioner_structured");
  }

  const int64_t size_;
  torch::jit::Module flow_;
};

} // namespace

namespace {

/// Of a flow between two temperatures. The caller adds the temperatures, which
/// FlowOptions has in energy units only.
Metadata thermal_metadata(const FlowOptions &options) {
  Metadata metadata;
  metadata.architecture = options.architecture;
  metadata.prior = Prior::boltzmann;
  metadata.n_atoms = options.n_atoms;
  metadata.dim = options.dim;
  metadata.auxiliary = options.architecture == "kick-drift";
  if (!options.types.empty()) metadata.types = options.types;
  metadata.periodic = is_periodic(options);
  if (metadata.periodic) metadata.box = options.box;
  metadata.dtype = options.dtype;
  if (options.architecture == "kick-drift") metadata.operators = {"kick_drift"};
  return metadata;
}

} // namespace

torch::jit::Module build_flow(const FlowOptions &options) {
  check_flow_options(options);
  if (options.architecture == "kick-drift") return build_kick_drift(options);
  FlowOptions complete = options;
  if (complete.hidden == 0) complete.hidden = default_hidden(options);
  if (options.architecture == "torus-spline") return build_torus_spline(complete);
  if (options.architecture == "spline") return build_spline(complete);
  return GaussianAssembler(complete).build();
}

Metadata flow_metadata(const FlowOptions &options, double temperature) {
  if (is_thermal(options)) return thermal_metadata(options);
  Metadata metadata;
  metadata.architecture = options.architecture;
  metadata.prior = Prior::gaussian;
  metadata.n_atoms = options.n_atoms;
  metadata.dim = options.dim;
  metadata.auxiliary = options.architecture == "tsf";
  metadata.steerable = options.architecture == "tsf";
  metadata.dtype = options.dtype;
  metadata.temperatures_trained = {temperature};
  return metadata;
}

int64_t parameter_count(const torch::jit::Module &flow) {
  int64_t count = 0;
  for (const auto &parameter : flow.parameters()) count += parameter.numel();
  return count;
}

} // namespace nflow
