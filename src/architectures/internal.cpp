#include "architectures/coupling_source.h"
#include "architectures/internal_start.h"
#include "architectures/module_assembler.h"
#include "architectures/shared_options.h"
#include "base/error.h"

#include <cmath>

namespace nflow {

namespace {

constexpr int64_t frame = 6; // numbers of position and orientation

const InternalStart &start_of(const FlowSetting &setting) {
  return *std::any_cast<InternalStart>(&setting.start);
}

torch::Tensor integers(const std::vector<int64_t> &values) {
  return torch::tensor(values, torch::kInt64);
}
torch::Tensor matrix(const std::vector<double> &values, int64_t rows, int64_t columns) {
  return torch::tensor(values, torch::kFloat64).view({rows, columns}).clone();
}

class InternalAssembler : ModuleAssembler {
 public:
  InternalAssembler(const FlowSetting &setting, const std::string &kind, bool augmented)
      : ModuleAssembler(setting), start_(start_of(o_)),
        momenta_(augmented ? setting.coordinates() : 0),
        soft_(static_cast<int64_t>(start_.soft.size())),
        hard_(static_cast<int64_t>(start_.hard.size())), features_(2 * start_.angles()),
        hidden_(options::hidden_or(setting, 64)),
        couplings_(static_cast<int>(options::couplings(setting))),
        depth_(static_cast<int>(options::depth(setting))), flow_("__torch__.nflow_internal") {
    source_.kind = kind;
    source_.activation = options::activation(o_);
    source_.hidden.assign(depth_, hidden_);
  }

  torch::jit::Module build() {
    add_places();
    add_hard();
    add_torsion_density(flow_, start_.torsions);
    // With momenta, one half are the hard coordinates and the other the momenta.
    const int64_t half = momenta_ > 0 ? hard_ : hard_ / 2;
    const auto low = range(0, half), high = range(half, hard_ + momenta_);
    for (int i = 0; i < couplings_; i++)
      add_coupling(i, i % 2 == 0 ? high : low, i % 2 == 0 ? low : high);
    source_.add_buffers(flow_, type_);
    flow_.define(source(), std::make_shared<OperatorResolver>());
    flow_.train();
    return flow_;
  }

 private:
  static std::vector<int64_t> range(int64_t begin, int64_t end) {
    std::vector<int64_t> numbers;
    for (int64_t i = begin; i < end; i++) numbers.push_back(i);
    return numbers;
  }

  /// Where carried, soft and hard numbers, in this order, are among the internal coordinates, and
  /// the other way round.
  void add_places() {
    std::vector<int64_t> parts{0, 1, 2, 4, 5, 8};
    parts.insert(parts.end(), start_.soft.begin(), start_.soft.end());
    parts.insert(parts.end(), start_.hard.begin(), start_.hard.end());
    std::vector<int64_t> order(parts.size());
    for (size_t i = 0; i < parts.size(); i++) order[parts[i]] = static_cast<int64_t>(i);
    flow_.register_buffer("parts", integers(parts));
    flow_.register_buffer("order", integers(order));
    flow_.register_buffer("tree", integers(tree_numbers(start_.tree)).view({-1, 4}).clone());
  }

  void add_hard() {
    flow_.register_buffer("multiples",
                          integers(start_.multiples).view({soft_, features_ / 2}).to(type_));
    constant(flow_, "period", torch::tensor(start_.period, torch::kFloat64));
    constant(flow_, "centre",
             torch::tensor(start_.centre, torch::kFloat64) +
                 torch::tensor(start_.offset, torch::kFloat64));
    constant(flow_, "coefficients", matrix(start_.coefficients, features_, hard_));
    constant(flow_, "spread", matrix(start_.spread, hard_, hard_));
    constant(flow_, "spread_inverse", matrix(start_.spread_inverse, hard_, hard_));
    constant(flow_, "thermal", torch::full({}, std::sqrt(o_.tau()), torch::kFloat64));
    const double per_number = -0.5 * std::log(o_.tau());
    flow_.register_buffer("log_unit",
                          torch::full({}, start_.log_spread + hard_ * per_number, torch::kFloat64));
    parameter(flow_, "log_gain", torch::zeros({hard_}));
    constant(flow_, "unit", torch::ones({features_}));
  }

  /// Numbers of a point of the couplings: features, the white hard coordinates, then momenta.
  void add_coupling(int number, const std::vector<int64_t> &moved,
                    const std::vector<int64_t> &kept) {
    std::vector<int64_t> places, seen = range(0, features_);
    for (const int64_t i : moved) places.push_back(features_ + i);
    for (const int64_t i : kept) seen.push_back(features_ + i);
    source_.add(places, seen);
    const int64_t out = 2 * static_cast<int64_t>(moved.size());
    torch::jit::Module module("__torch__.nflow_internal_coupling_" + std::to_string(number));
    add_hidden_layers(module, static_cast<int64_t>(seen.size()), hidden_, depth_);
    // Starts as the closed form.
    parameter(module, "weight_out", torch::zeros({hidden_, out}));
    parameter(module, "bias_out", torch::zeros({out}));
    module.define(expanded_source("operator_mlp", {}, {{"layer", depth_}}));
    flow_.register_module("coupling_" + std::to_string(number), module);
  }

  std::string source() const {
    auto values = source_.values();
    values["soft"] = std::to_string(soft_);
    values["hard"] = std::to_string(hard_);
    values["frame"] = std::to_string(frame);
    values["features"] = std::to_string(features_);
    values["momenta"] = std::to_string(momenta_);
    return expanded_source("internal_flow", values, {{"coupling", couplings_}});
  }

  const InternalStart &start_;
  const int64_t momenta_, soft_, hard_, features_, hidden_;
  const int couplings_, depth_;
  torch::jit::Module flow_;
  CouplingSource source_;
};

/// A molecule in internal coordinates: torsions by a steerable density in closed form, the rest by
/// couplings given these.
class InternalArchitecture : public Architecture {
 public:
  InternalArchitecture(Properties properties, std::string kind)
      : Architecture(std::move(properties)), kind_(std::move(kind)) {}

  std::vector<std::string> operators(const FlowSetting &) const override {
    return {"internal_to_cartesian", "cartesian_to_internal", "torsion_density", "coupling_flow"};
  }
  std::vector<OptionText> options() const override {
    return {options::couplings, options::hidden, options::depth, options::activation};
  }
  std::map<std::string, std::string> defaults() const override {
    return {{"couplings", "8"},        {"precision", "float64"}, {"kl-weight", "1"},
            {"kl-start", "0"},         {"kl-full", "0"},         {"steps", "2000"},
            {"learning-rate", "5e-3"}, {"patience", "0"},        {"ess-samples", "2048"}};
  }
  void learn(FlowSetting &setting, const StartingData &data) const override {
    setting.start = internal_start(setting, data);
  }
  void check(const FlowSetting &setting) const override {
    require(setting.dtype == "float64",
            "architecture " + setting.architecture + " needs --dtype float64");
    require(start_of(setting).hard.size() >= 2,
            "a molecule of " + std::to_string(setting.n_atoms) +
                " atoms has too few internal coordinates for couplings");
  }
  torch::jit::Module build(const FlowSetting &setting) const override {
    return InternalAssembler(setting, kind_, properties_.auxiliary).build();
  }
  std::vector<double> carried(const FlowSetting &setting) const override {
    return start_of(setting).carried;
  }
  std::string describe(const FlowSetting &setting) const override {
    const auto &start = start_of(setting);
    std::string text = setting.architecture + ", " + std::to_string(options::couplings(setting)) +
                       " couplings of " + std::to_string(start.hard.size()) +
                       " bonds, angles and stiff torsions given " +
                       std::to_string(start.soft.size()) + " that turn";
    for (size_t i = 0; i < start.soft.size(); i++) {
      const int64_t parent = start.torsions.forest.parents[i];
      text += (i == 0 ? " (" : ", ") + start.soft_names[i];
      if (parent >= 0) text += " given " + start.soft_names[parent];
    }
    return text + (start.soft.empty() ? "" : ")");
  }

 private:
  std::string kind_;
};

std::unique_ptr<const Architecture> make_internal(const char *name, const char *summary,
                                                  const char *kind, bool steerable,
                                                  bool auxiliary = false) {
  Properties properties;
  properties.name = name;
  properties.summary = summary;
  properties.steerable = steerable;
  properties.auxiliary = auxiliary;
  properties.bonds = true;
  return std::make_unique<InternalArchitecture>(properties, kind);
}

} // namespace

std::unique_ptr<const Architecture> make_tsf_internal() {
  return make_internal("tsf-internal", "steerable, a molecule in internal coordinates", "steerable",
                       true);
}

std::unique_ptr<const Architecture> make_tsf_internal_momenta() {
  return make_internal("tsf-internal-momenta", "the same with auxiliary momenta", "steerable", true,
                       true);
}

std::unique_ptr<const Architecture> make_rnvp_internal() {
  return make_internal("rnvp-internal", "its baseline", "affine", false);
}

} // namespace nflow
