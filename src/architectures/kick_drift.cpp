#include "architectures/kick_drift_scales.h"
#include "architectures/module_assembler.h"
#include "architectures/source_text.h"
#include "base/error.h"
#include "base/text.h"
#include "model/operator_resolver.h"
#include "operators/kick_drift_weights.h"

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

const Option<int64_t> layers("layers", 8, "kicks and drifts of kick-drift");
const Option<bool> splines("splines", true,
                           "--scalars: damping, drift and strength of each layer only, no splines",
                           "scalars");
const Option<int64_t> spline_size("spline-size", 16, "spline coefficients of a species pair");
const Option<double> timestep("timestep", 0.0,
                              "of the untrained dynamics (0: by trials on the samples)");
const Option<double> cutoff("cutoff", 2.5, "of the kicks, in sigma of the pair");
const Option<std::vector<double>> sigma("sigma", {},
                                        "of all species pairs, a square (default: from LAMMPS)");
const Option<std::vector<double>> epsilon("epsilon", {},
                                          "of all species pairs, a square (default: from LAMMPS)");

/// The periods in which pairs are the nearest images of each other: the box, or, of an open system,
/// lengths so large (learn()) that no pair of it sees an edge. The map is a flow beyond them, too.
std::vector<double> periods(const FlowSetting &o) {
  if (!o.box.empty()) return o.box;
  const auto *length = std::any_cast<double>(&o.start);
  require(length && *length > 0.0 && std::isfinite(*length),
          "kick-drift needs a periodic box, or samples of an open system");
  return std::vector<double>(o.dim, *length);
}

/// The species with the most atoms, of those of species_of().
int64_t most_frequent(const std::vector<int64_t> &species, int64_t count) {
  std::vector<int64_t> counts(count, 0);
  for (const int64_t s : species) counts[s]++;
  return std::max_element(counts.begin(), counts.end()) - counts.begin();
}

/// Step of the untrained dynamics, in units of the most frequent species: measured to be safe on
/// a dense liquid up to k_B T = epsilon. Above, thermal steps of the same dt run too far into the
/// cores.
double default_timestep(const FlowSetting &o) {
  const auto species = species_of(o.types);
  const int64_t count = 1 + *std::max_element(species.begin(), species.end());
  const double of_most = epsilon(o)[most_frequent(species, count) * (count + 1)];
  double hottest = 0.0;
  for (const auto &pair : o.tau_pairs()) hottest = std::max({hottest, pair.first, pair.second});
  return std::max(0.022 - 0.00025 * static_cast<double>(layers(o)), 0.012) *
         std::min(1.0, std::sqrt(of_most / hottest));
}

/// Mean of values and half of their range, at least `least`.
torch::Tensor centre_and_range(const std::vector<double> &values, double least) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return torch::tensor({0.5 * (*low + *high), std::max(0.5 * (*high - *low), least)},
                       torch::kFloat64);
}

class KickDriftAssembler : ModuleAssembler {
 public:
  explicit KickDriftAssembler(const FlowSetting &setting)
      : ModuleAssembler(setting), species_(species_of(setting.types)),
        count_(1 + *std::max_element(species_.begin(), species_.end())),
        layout_{layers(setting), count_, splines(setting) ? spline_size(setting) : 0},
        flow_("__torch__.nflow_kick_drift") {}

  torch::jit::Module build() {
    add_system();
    add_weights();
    // Steps and kicks of the untrained dynamics, in units of the most frequent species.
    const int64_t most = most_frequent(species_, count_);
    const double sigma_most = sigma(o_)[most * count_ + most],
                 epsilon_most = epsilon(o_)[most * count_ + most];
    const double dt = timestep(o_) > 0.0 ? timestep(o_) : default_timestep(o_);
    const auto unit = precise(dt * sigma_most / std::sqrt(epsilon_most));
    const auto source =
        expanded_source(is_ladder() ? "kick_drift_ladder" : "kick_drift_pair", {}, {}) +
        expanded_source("kick_drift",
                        {{"layers", std::to_string(layers(o_))},
                         {"spline_size", std::to_string(layout_.spline_size)},
                         {"step", unit},
                         {"kick", unit},
                         {"spline_unit", precise(epsilon_most / sigma_most)},
                         {"cutoff", precise(cutoff(o_))}},
                        {});
    flow_.define(source, std::make_shared<OperatorResolver>());
    flow_.train();
    return flow_;
  }

 private:
  bool is_ladder() const { return o_.temperatures.size() > 2; }

  /// A literal of TorchScript, which without a point would be an integer.
  static std::string precise(double value) {
    const auto text = number(value, 17);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }

  void add_system() {
    const auto square = [&](const std::vector<double> &values) {
      return torch::tensor(values, torch::kFloat64).view({count_, count_});
    };
    flow_.register_buffer("species", torch::tensor(species_, torch::kInt64));
    flow_.register_buffer("no_mask", torch::zeros({0}, torch::kBool));
    constant(flow_, "box", torch::tensor(periods(o_), torch::kFloat64));
    constant(flow_, "sigma", square(sigma(o_)));
    constant(flow_, "epsilon", square(epsilon(o_)));
  }

  /// Weights of the untrained dynamics; the first and the last drift are halves.
  void add_weights() {
    auto weights = torch::zeros({layout_.size()}, torch::kFloat64);
    const auto fill = [&](int64_t first, int64_t end, double value) {
      weights.slice(0, first, end).fill_(value);
    };
    fill(0, layout_.drift(), 0.9 / static_cast<double>(layers(o_)));
    fill(layout_.first_drift() - count_, layout_.last_scale(), std::log(0.5));
    fill(layout_.last_scale(), layout_.strength(), -0.5);
    if (is_ladder()) {
      std::vector<double> middle, fall;
      for (const auto &pair : o_.tau_pairs()) {
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

/// Learned damped dynamics (docs/flows.md): alternating momentum kicks by radial forces between
/// species, and drifts. Equivariant under permutations within a species, translations, rotations
/// and reflections that the box allows; constant log-det.
class KickDrift : public Architecture {
 public:
  KickDrift() {
    properties_.name = "kick-drift";
    properties_.summary = "learned damped dynamics of a liquid";
    properties_.equivariant = true;
    properties_.prior = Prior::boltzmann;
    properties_.auxiliary = true;
    properties_.periodic = true;
    properties_.also_open = true;
    properties_.ladder = true;
  }
  std::vector<std::string> operators(const FlowSetting &) const override { return {"kick_drift"}; }
  std::vector<OptionText> options() const override {
    return {layers, splines, spline_size, timestep, cutoff, sigma, epsilon};
  }
  void learn(FlowSetting &setting, const StartingData &data) const override {
    if (sigma(setting).empty() || epsilon(setting).empty()) {
      auto scales = pair_scales(setting, cutoff(setting), data);
      if (sigma(setting).empty()) sigma.set(setting, std::move(scales.sigma));
      if (epsilon(setting).empty()) epsilon.set(setting, std::move(scales.epsilon));
    }
    if (!setting.box.empty()) return;
    const auto &sigmas = sigma(setting);
    const double reach = cutoff(setting) * *std::max_element(sigmas.begin(), sigmas.end());
    setting.start = 4.0 * (largest_extent(setting, data) + reach);
  }
  /// Where the user gave no timestep.
  std::vector<FlowSetting> starts(const FlowSetting &setting) const override {
    if (timestep(setting) > 0.0) return {setting};
    check_flow_setting(setting);
    const double usual = default_timestep(setting);
    std::vector<FlowSetting> all;
    for (const double factor : {1.0, 1.4, 0.7, 0.5, 0.35, 0.25, 0.18}) {
      all.push_back(setting);
      timestep.set(all.back(), factor * usual);
    }
    return all;
  }
  void check_system(const FlowSetting &setting, const StartingData &data) const override;
  void check(const FlowSetting &setting) const override;
  torch::jit::Module build(const FlowSetting &setting) const override {
    return KickDriftAssembler(setting).build();
  }
  std::string describe(const FlowSetting &setting) const override {
    return "kick-drift, " + std::to_string(layers(setting)) + " layers, " +
           (splines(setting) ? "splines" : "scalars") +
           (timestep(setting) > 0.0 ? ", timestep " + number(timestep(setting), 3) : "");
  }
};

void check_dynamics(const FlowSetting &o) {
  require(o.dim >= 2, "kick-drift moves 2 or 3 components of each atom");
  require(layers(o) >= 1, "kick-drift needs at least 1 layer: raise --layers");
  require(spline_size(o) >= 1, "a spline needs at least 1 coefficient: raise --spline-size");
  require(layers(o) <= 10000 && spline_size(o) <= 10000,
          "--layers and --spline-size must be at most 10000");
  require(timestep(o) >= 0.0 && timestep(o) <= 0.1, "--timestep must be positive, and at most 0.1");
  require(cutoff(o) > 0.8, "--cutoff must be above 0.8 sigma");
}

void check_reach(const FlowSetting &o, const std::vector<double> &sigmas) {
  const double largest = *std::max_element(sigmas.begin(), sigmas.end());
  const auto lengths = periods(o);
  const double half = 0.5 * *std::min_element(lengths.begin(), lengths.end());
  require(cutoff(o) * largest <= half * (1.0 + 1e-6),
          "the cutoff of the kicks, " + number(cutoff(o)) + " sigma with sigma = " +
              number(largest) + " distance units, is beyond half the box, " + number(half) +
              " distance units: lower --cutoff to " + number(half / largest, 3) +
              " sigma or less, or take a larger box");
}

void KickDrift::check_system(const FlowSetting &setting, const StartingData &data) const {
  check_dynamics(setting);
  if (setting.box.empty()) return; // how large it is, samples will tell
  // Of the pairs that LAMMPS can tell.
  check_reach(setting, sigma(setting).empty() ? pair_scales(setting, cutoff(setting), data).sigma
                                              : sigma(setting));
}

void KickDrift::check(const FlowSetting &o) const {
  const auto species = species_of(o.types);
  const auto count = static_cast<size_t>(1 + *std::max_element(species.begin(), species.end()));
  check_dynamics(o);
  require(sigma(o).size() == count * count && epsilon(o).size() == count * count,
          "kick-drift needs sigma and epsilon of every pair of species");
  for (const auto &values : {sigma(o), epsilon(o)})
    for (const double value : values)
      require(value > 0.0 && std::isfinite(value), "sigma and epsilon must be positive");
  check_reach(o, sigma(o));
}

} // namespace

std::unique_ptr<const Architecture> make_kick_drift() {
  return std::make_unique<KickDrift>();
}

} // namespace nflow
