#include "architectures/gaussian.h"

#include "architectures/coupling_source.h"
#include "architectures/module_assembler.h"
#include "architectures/shared_options.h"
#include "architectures/source_text.h"

#include <cmath>
#include <numeric>

namespace nflow {

namespace {

/// Builds a flow with a gaussian prior.
class GaussianAssembler : ModuleAssembler {
 public:
  GaussianAssembler(const FlowSetting &setting, bool augmented)
      : ModuleAssembler(setting), augmented_(augmented), size_(setting.coordinates()),
        hidden_(options::hidden_or(setting, size_ <= 8 ? 32 : 64)),
        couplings_(static_cast<int>(options::couplings(setting))),
        depth_(static_cast<int>(options::depth(setting))),
        flow_("__torch__.nflow_" + setting.architecture) {}

  torch::jit::Module build() {
    add_ends();
    for (int i = 0; i < couplings_; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    if (options::by_operator(o_))
      define_operator();
    else
      define(flow_, "flow_" + o_.architecture);
    flow_.train();
    return flow_;
  }

 private:
  int64_t first() const { return size_ / 2; }
  int64_t second() const { return size_ - first(); }

  void add_ends() {
    constant(flow_, "thermal", torch::full({}, std::sqrt(o_.tau()), torch::kFloat64));
    const double per_coordinate = std::log(options::length(o_)) - 0.5 * std::log(o_.tau());
    flow_.register_buffer("log_unit", torch::full({}, size_ * per_coordinate, torch::kFloat64));
    if (augmented_) {
      parameter(flow_, "log_scale", torch::zeros({}, torch::kFloat64));
      flow_.register_attribute("coordinates", c10::IntType::get(), size_);
    }
    add_target_map();
  }

  static std::vector<int64_t> range(int64_t begin, int64_t end) {
    std::vector<int64_t> numbers(end - begin);
    std::iota(numbers.begin(), numbers.end(), begin);
    return numbers;
  }

  /// Even couplings move what is in the second half of a point, momenta if there are any, given the
  /// first.
  void define_operator() {
    const bool structured = options::structured(o_);
    CouplingSource source;
    source.kind = augmented_ ? "steerable" : "affine";
    source.activation = options::activation(o_);
    source.mixed = structured ? size_ : 0;
    source.units = structured ? options::units_per_coordinate(o_) : 0;
    source.hidden.assign(structured ? 1 : depth_, hidden_);
    const int64_t half = augmented_ ? size_ : first(), all = augmented_ ? 2 * size_ : size_;
    for (int i = 0; i < couplings_; i++) {
      const auto low = range(0, half), high = range(half, all);
      source.add(i % 2 == 0 ? high : low, i % 2 == 0 ? low : high);
    }
    source.define(
        flow_, type_,
        {"operator_" + o_.architecture, structured ? "operator_mixing" : "operator_diagonal"});
  }

  void define(torch::jit::Module &module, const std::string &source) {
    module.define(expanded_source(source,
                                  {{"activation", options::activation(o_)},
                                   {"first", std::to_string(first())},
                                   {"second", std::to_string(second())}},
                                  {{"coupling", couplings_}, {"layer", depth_}}));
  }
  /// The methods of a coupling whose parameters are those of this conditioner.
  void define_coupling(torch::jit::Module &module, const std::string &conditioner) {
    if (options::by_operator(o_)) {
      define(module, "operator_" + conditioner);
      return;
    }
    define(module, "conditioner_" + conditioner);
    define(module, "coupling_" + o_.architecture);
  }
  void add_target_map() {
    constant(flow_, "mean", torch::zeros({size_}));
    if (!options::structured(o_)) {
      constant(flow_, "spread", torch::full({size_}, options::length(o_)));
      define(flow_, "target_diagonal");
      return;
    }
    constant(flow_, "spread", torch::full({}, options::length(o_)));
    constant(flow_, "identity", torch::eye(size_));
    constant(flow_, "permutation", torch::eye(size_));
    constant(flow_, "diagonal_sign", torch::ones({size_}));
    parameter(flow_, "lower", torch::zeros({size_, size_}));
    parameter(flow_, "upper", torch::zeros({size_, size_}));
    parameter(flow_, "log_diagonal", torch::zeros({size_}));
    define(flow_, "target_mixing");
  }

  torch::jit::Module coupling(int number) {
    // Without momenta, even couplings change the second half given the first, odd ones the other
    // way round.
    const bool even = number % 2 == 0;
    const int64_t in = augmented_ ? size_ : even ? first() : second();
    const int64_t out = augmented_ ? size_ : even ? second() : first();
    torch::jit::Module module("__torch__.nflow_" + o_.architecture + "_coupling_" +
                              std::to_string(number));
    if (options::structured(o_))
      add_structured_conditioner(module, in, out);
    else
      add_mlp_conditioner(module, in, out);
    return module;
  }

  void add_mlp_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    add_hidden_layers(module, in, hidden_, depth_);
    random(module, "weight_out", {hidden_, 2 * out}, 0.1 / std::sqrt(hidden_));
    parameter(module, "bias_out", torch::zeros({2 * out}));
    define_coupling(module, "mlp");
  }

  void add_structured_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    const int64_t units = options::units_per_coordinate(o_);
    // Measured on the multi-well: wide slopes of the small networks and a dense part that starts
    // near zero reach in 3,000 steps what equal starts reach in 6,000.
    random(module, "dense_weight", {in, hidden_}, 1.0 / std::sqrt(in));
    random(module, "dense_bias", {hidden_}, 0.5);
    random(module, "output_dense", {hidden_, 2 * out}, 0.01 / std::sqrt(hidden_));
    parameter(module, "output_bias", torch::zeros({2 * out}));
    random(module, "unit_weight", {out, units}, 2.0);
    random(module, "unit_bias", {out, units}, 1.0);
    random(module, "unit_out", {out, units}, 0.1 / std::sqrt(units));
    auto partner = torch::zeros({in, out});
    for (int64_t j = 0; j < out; j++) partner[j % in][j] = 1.0;
    constant(module, "partner", partner);
    constant(module, "own", torch::eye(out));
    define_coupling(module, "structured");
  }

  const bool augmented_;
  const int64_t size_, hidden_;
  const int couplings_, depth_;
  torch::jit::Module flow_;
};

} // namespace

std::vector<OptionText> GaussianArchitecture::options() const {
  return {
      options::structured,           options::couplings,  options::hidden, options::depth,
      options::units_per_coordinate, options::activation, options::length, options::by_operator};
}

std::vector<std::string> GaussianArchitecture::operators(const FlowSetting &setting) const {
  return options::coupling_operators(setting);
}

torch::jit::Module GaussianArchitecture::build(const FlowSetting &setting) const {
  return GaussianAssembler(setting, properties_.auxiliary).build();
}

std::string GaussianArchitecture::describe(const FlowSetting &setting) const {
  return setting.architecture + (options::structured(setting) ? " structured, " : " plain, ") +
         std::to_string(options::couplings(setting)) + " couplings";
}

} // namespace nflow
