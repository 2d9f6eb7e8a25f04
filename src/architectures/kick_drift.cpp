#include "architectures/kick_drift.h"

#include "architectures/module_assembler.h"
#include "architectures/source_text.h"
#include "operators/kick_drift_weights.h"

#include <torch/csrc/jit/frontend/resolver.h>

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

/// Finds `nflow` in the TorchScript source: the operators of src/operators.
struct OperatorResolver : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue>
  resolveValue(const std::string &name, torch::jit::GraphFunction &function,
               const torch::jit::SourceRange &place) override {
    if (name == "nflow") return std::make_shared<torch::jit::BuiltinModule>("nflow");
    return NativeResolver::resolveValue(name, function, place);
  }
};

/// Mean of values and half of their range, at least `least`.
torch::Tensor centre_and_range(const std::vector<double> &values, double least) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return torch::tensor({0.5 * (*low + *high), std::max(0.5 * (*high - *low), least)},
                       torch::kFloat64);
}

class KickDriftAssembler : ModuleAssembler {
 public:
  explicit KickDriftAssembler(const FlowOptions &options)
      : ModuleAssembler(options), species_(species_of(options.types)),
        count_(1 + *std::max_element(species_.begin(), species_.end())),
        layout_{options.layers, count_, options.splines ? options.spline_size : 0},
        flow_("__torch__.nflow_kick_drift") {}

  torch::jit::Module build() {
    add_system();
    add_weights();
    // Steps and kicks of the untrained dynamics, in units of the most frequent species.
    const int64_t most = most_frequent();
    const double sigma = o_.sigma[most * count_ + most], epsilon = o_.epsilon[most * count_ + most];
    double dt = o_.timestep;
    if (dt == 0.0) {
      // Above k_B T = epsilon thermal steps of the same dt run too far into the cores.
      double hottest = 0.0;
      for (const auto &pair : o_.tau_pairs) hottest = std::max({hottest, pair.first, pair.second});
      dt = default_timestep(o_.layers) * std::min(1.0, std::sqrt(epsilon / hottest));
    }
    const auto unit = precise(dt * sigma / std::sqrt(epsilon));
    const auto source =
        expanded_source(is_ladder() ? "kick_drift_ladder" : "kick_drift_pair", {}, {}) +
        expanded_source("kick_drift",
                        {{"layers", std::to_string(o_.layers)},
                         {"spline_size", std::to_string(layout_.spline_size)},
                         {"step", unit},
                         {"kick", unit},
                         {"spline_unit", precise(epsilon / sigma)},
                         {"cutoff", precise(o_.cutoff)}},
                        {});
    flow_.define(source, std::make_shared<OperatorResolver>());
    flow_.train();
    return flow_;
  }

 private:
  bool is_ladder() const { return o_.tau_pairs.size() > 1; }

  static std::string precise(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.17g", value);
    const std::string number = text;
    return number.find_first_of(".e") == std::string::npos ? number + ".0" : number;
  }

  void add_system() {
    const auto square = [&](const std::vector<double> &values) {
      return torch::tensor(values, torch::kFloat64).view({count_, count_});
    };
    flow_.register_buffer("species", torch::tensor(species_, torch::kInt64));
    flow_.register_buffer("no_mask", torch::zeros({0}, torch::kBool));
    constant(flow_, "box", torch::tensor(o_.box, torch::kFloat64));
    constant(flow_, "sigma", square(o_.sigma));
    constant(flow_, "epsilon", square(o_.epsilon));
  }

  int64_t most_frequent() const {
    std::vector<int64_t> counts(count_, 0);
    for (const int64_t s : species_) counts[s]++;
    return std::max_element(counts.begin(), counts.end()) - counts.begin();
  }

  /// Weights of the untrained dynamics; the first and the last drift are halves.
  void add_weights() {
    auto weights = torch::zeros({layout_.size()}, torch::kFloat64);
    const auto fill = [&](int64_t first, int64_t end, double value) {
      weights.slice(0, first, end).fill_(value);
    };
    fill(0, layout_.drift(), 0.9 / static_cast<double>(o_.layers));
    fill(layout_.first_drift() - count_, layout_.last_scale(), std::log(0.5));
    fill(layout_.last_scale(), layout_.strength(), -0.5);
    if (is_ladder()) {
      std::vector<double> middle, fall;
      for (const auto &pair : o_.tau_pairs) {
        middle.push_back(0.5 * std::log(pair.first * pair.second));
        fall.push_back(std::log(pair.second / pair.first));
      }
      flow_.register_buffer("middle", centre_and_range(middle, 0.2));
      flow_.register_buffer("fall", centre_and_range(fall, 0.2));
      weights = torch::stack({weights, torch::zeros_like(weights), torch::zeros_like(weights)}, 1);
    }
    parameter(flow_, "weights", weights);
  }

  const std::vector<int64_t> species_;
  const int64_t count_;
  const operators::KickDriftLayout layout_;
  torch::jit::Module flow_;
};

} // namespace

double default_timestep(int layers) {
  return std::max(0.022 - 0.00025 * layers, 0.012);
}

torch::jit::Module build_kick_drift(const FlowOptions &options) {
  return KickDriftAssembler(options).build();
}

} // namespace nflow
