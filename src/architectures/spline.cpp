#include "architectures/coupling_source.h"
#include "architectures/module_assembler.h"
#include "architectures/shared_options.h"
#include "architectures/source_text.h"
#include "architectures/spline_start.h"
#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nflow {

namespace {

const Option<std::vector<int64_t>>
    active("active", {},
           "coordinates that the splines of spline map, by number (atom - 1) dim + component "
           "(default: those that need it)",
           "", true);
const Option<double>
    bound("bound", 0.0,
          "half-width of the splines of spline in distance units (0: from the samples)", "", true);

const SplineStart &start_of(const FlowSetting &setting) {
  return *std::any_cast<SplineStart>(&setting.start);
}

class SplineAssembler : ModuleAssembler {
 public:
  explicit SplineAssembler(const FlowSetting &setting)
      : ModuleAssembler(setting), active_(static_cast<int64_t>(start_of(setting).active.size())),
        hidden_(options::hidden_or(setting, 24)), bins_(options::bins(setting)),
        couplings_(static_cast<int>(active_ >= 2 ? options::couplings(setting) : active_)),
        depth_(static_cast<int>(options::depth(setting))), flow_("__torch__.nflow_spline") {}

  torch::jit::Module build() {
    const auto &start = start_of(o_);
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
      parameter(flow_, name, torch::zeros({o_.coordinates()}, torch::kFloat64));
    source_.kind = "spline";
    source_.activation = options::activation(o_);
    source_.bins = bins_;
    source_.hidden.assign(depth_, hidden_);
    for (int i = 0; i < couplings_; i++)
      flow_.register_module("coupling_" + std::to_string(i), coupling(i));
    if (options::by_operator(o_))
      source_.define(flow_, type_, {"operator_spline"});
    else
      define(flow_, "spline_flow", 0);
    flow_.train();
    return flow_;
  }

 private:
  void define(torch::jit::Module &module, const std::string &source, int64_t moved) {
    module.define(expanded_source(source,
                                  {{"bins", std::to_string(bins_)},
                                   {"moved", std::to_string(moved)},
                                   {"activation", options::activation(o_)}},
                                  {{"coupling", couplings_}, {"layer", depth_}}));
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
    add_conditioner(module, static_cast<int64_t>(kept.size()), count * (3 * bins_ - 1));
    if (options::by_operator(o_)) {
      define(module, kept.empty() ? "operator_none" : "operator_mlp", count);
      source_.add(coordinates(moved), coordinates(kept));
      return module;
    }
    define(module, kept.empty() ? "conditioner_none" : "conditioner_mlp", count);
    define(module, "rational_quadratic", count);
    define(module, "spline_tails", count);
    define(module, "spline_coupling", count);
    return module;
  }

  /// The coordinates in these places of the active ones.
  std::vector<int64_t> coordinates(const std::vector<int64_t> &places) const {
    std::vector<int64_t> result;
    for (const int64_t place : places) result.push_back(start_of(o_).active[place]);
    return result;
  }

  void add_conditioner(torch::jit::Module &module, int64_t in, int64_t out) {
    // Zero: the spline starts as the identity.
    parameter(module, "bias_out", torch::zeros({out}, torch::kFloat64));
    if (in == 0) return;
    add_hidden_layers(module, in, hidden_, depth_);
    parameter(module, "weight_out", torch::zeros({hidden_, out}, torch::kFloat64));
  }

  const int64_t active_, hidden_, bins_;
  const int couplings_, depth_;
  torch::jit::Module flow_;
  CouplingSource source_;
};

/// For open systems: a scale and a shift of every coordinate, then couplings of the active
/// coordinates by rational-quadratic splines with linear tails (Durkan et al. 2019), conditioned
/// by multilayer perceptrons; SplineStart says where it begins. The couplings start as the
/// identity. One active coordinate gets one spline that depends on nothing, none gets none.
class Spline : public Architecture {
 public:
  Spline() {
    properties_.name = "spline";
    properties_.summary = "scales, and splines on few coordinates, of an open system";
    properties_.prior = Prior::boltzmann;
    properties_.energy_files = true;
  }
  std::vector<OptionText> options() const override {
    return {options::couplings, options::hidden, options::depth, options::activation,
            options::bins,      active,          bound,          options::by_operator};
  }
  std::vector<std::string> operators(const FlowSetting &setting) const override {
    return options::coupling_operators(setting);
  }
  std::map<std::string, std::string> defaults() const override {
    return {{"couplings", "4"},        {"activation", "silu"}, {"steps", "2000"},
            {"batch", "256"},          {"clip", "5"},          {"validation-samples", "1000"},
            {"learning-rate", "1e-2"}, {"loss", "exchange"}};
  }
  void learn(FlowSetting &setting, const StartingData &data) const override {
    setting.start = spline_start(setting, active(setting), bound(setting), data);
  }
  void recall(FlowSetting &setting, const torch::jit::Module &flow) const override {
    SplineStart start;
    for (const auto &[name, values] : {std::pair("origin", &start.origin),
                                       {"centre", &start.centre},
                                       {"unit", &start.unit},
                                       {"pace", &start.pace},
                                       {"middle", &start.middle},
                                       {"bound", &start.bound},
                                       {"log_start", &start.scale}}) {
      const auto tensor = flow.attr(name).toTensor().to(torch::kFloat64).contiguous();
      values->assign(tensor.data_ptr<double>(), tensor.data_ptr<double>() + tensor.numel());
    }
    for (double &scale : start.scale) scale = std::exp(scale);
    const auto numbers = flow.attr("active").toTensor().contiguous();
    start.active.assign(numbers.data_ptr<int64_t>(), numbers.data_ptr<int64_t>() + numbers.numel());
    setting.start = start;
  }
  void check(const FlowSetting &setting) const override;
  torch::jit::Module build(const FlowSetting &setting) const override {
    return SplineAssembler(setting).build();
  }
  std::string describe(const FlowSetting &setting) const override {
    const auto &places = start_of(setting).active;
    auto text = Architecture::describe(setting) + " of " + std::to_string(places.size()) +
                " active coordinates";
    if (!places.empty() && places.size() <= 12)
      text += " (" + coordinate_names(places, setting.dim) + ")";
    return text;
  }
  std::vector<int64_t> dividing_coordinates(const FlowSetting &setting) const override {
    return start_of(setting).active;
  }
};

void Spline::check(const FlowSetting &o) const {
  const auto size = static_cast<size_t>(o.coordinates());
  require(options::bins(o) >= 2, "a spline needs at least 2 bins: raise --bins");
  require(bound(o) >= 0.0, "--bound must not be negative");
  require(o.box.empty(),
          "spline is for open systems: use " +
              architectures_with([](const Properties &p) { return p.periodic; }, "or") +
              " in a periodic box");
  require(o.temperatures.size() == 2,
          "spline serves one pair of temperatures: give one pair, and a model for each pair");
  const auto *learned = std::any_cast<SplineStart>(&o.start);
  const SplineStart start = learned ? *learned : SplineStart();
  for (const auto *values : {&start.origin, &start.centre, &start.unit, &start.scale, &start.pace})
    require(values->size() == size,
            "spline needs origin, centre, unit, scale and pace of all coordinates");
  for (const auto *values : {&start.unit, &start.scale, &start.pace, &start.bound})
    for (const double value : *values)
      require(value > 0.0 && std::isfinite(value),
              "units, scales, paces and bounds of spline must be positive numbers");
  for (size_t i = 0; i < start.active.size(); i++)
    require(start.active[i] >= 0 && start.active[i] < static_cast<int64_t>(size) &&
                (i == 0 || start.active[i - 1] < start.active[i]),
            "--active must list different coordinates from 1 to " + std::to_string(size) +
                ", in ascending order");
  require(start.middle.size() == start.active.size() && start.bound.size() == start.active.size(),
          "spline needs a middle and a bound of every active coordinate");
}

} // namespace

std::unique_ptr<const Architecture> make_spline() {
  return std::make_unique<Spline>();
}

} // namespace nflow
