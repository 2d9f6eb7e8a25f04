#include "trainer/objectives/gaussian_objective.h"

#include "architectures/architecture.h"
#include "base/error.h"
#include "model/archive.h"
#include "trainer/command/train_options.h"
#include "trainer/objectives/source_energy.h"
#include "trainer/training/trained_flow.h"

#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace nflow::trainer {

namespace {

constexpr int64_t evaluation_batch = 512;
constexpr int64_t pool_size = 1000;
constexpr double most_excess = 1e100; // reduced energy above the cap; infinite ones are of LAMMPS

Archive load_energy(const TrainOptions &o, int64_t dim, const Samples &samples) {
  auto archive = load_archive(o.energy, Format::energy);
  const Metadata &m = archive.metadata;
  const auto require = [&](bool good, const std::string &what) {
    if (!good) throw Error("energy file '" + o.energy + "' " + what);
  };
  require(m.dim == dim, "is for " + std::to_string(m.dim) + " components of each atom, --dim is " +
                            std::to_string(dim) + ": make them equal");
  require(samples.n_atoms == 0 || m.n_atoms == samples.n_atoms,
          "is for " + std::to_string(m.n_atoms) + " atoms, the data have " +
              std::to_string(samples.n_atoms) + ": give the data of that system");
  require(m.units == o.units, "is in units " + m.units + ", the training in " + o.units +
                                  ": give --units " + m.units + ", or another energy file");
  require(!m.types || samples.types.empty() || *m.types == samples.types,
          "is for other atom types than the data have: give the data of that system");
  for (size_t k = 0; m.box && k < m.box->size() && !samples.box.empty(); k++)
    require(std::fabs((*m.box)[k] - samples.box[k]) <= 1e-6 * (*m.box)[k],
            "is for another box than the data have: give the data of that box");
  for (auto parameter : archive.module.parameters()) parameter.set_requires_grad(false);
  return archive;
}

} // namespace

struct GaussianObjective::Impl {
  explicit Impl(TrainedFlow &trained) : flow(trained), tau(trained.setting().tau()) {}

  TrainedFlow &flow;
  double tau, cap = 0.0;
  EnergySource *source = nullptr; // instead of the energy file
  torch::jit::Module energy;
  bool has_energy = false;
  torch::ScalarType energy_dtype = torch::kFloat64;
  torch::Tensor tau_pair;
  int64_t carried = 0;        // numbers that are no gaussians
  torch::Tensor carried_pool; // [N, carried], those of samples

  TrainedFlow::Mapped call(const char *method, const torch::Tensor &points) {
    return flow.call(method, points, tau_pair);
  }
  /// ln N(0, tau) of every number of [B, S, n, d], summed: [B] float64.
  torch::Tensor log_prior(const torch::Tensor &u) const {
    const double per_number = 0.5 * std::log(2.0 * M_PI * tau);
    const auto size = static_cast<double>(flow.slots() * flow.setting().coordinates() - carried);
    const auto drawn = u.flatten(1).slice(1, carried);
    return drawn.square().sum(1).to(torch::kFloat64) * (-0.5 / tau) - size * per_number;
  }
  /// Points of the prior with what samples carry in place of the first gaussians, which choose the
  /// sample.
  torch::Tensor with_carried(const torch::Tensor &u) const {
    if (carried == 0) return u;
    const auto all = u.flatten(1);
    const auto uniform = torch::special_ndtr(all.select(1, 0) / std::sqrt(tau));
    const int64_t count = carried_pool.size(0);
    const auto pick = (uniform * static_cast<double>(count)).to(torch::kInt64).clamp(0, count - 1);
    return torch::cat({carried_pool.index_select(0, pick), all.slice(1, carried)}, 1)
        .view(u.sizes());
  }
  /// What these configurations [N, n, d] carry. The flow's parameters do not matter.
  void fill_pool(const torch::Tensor &x) {
    torch::NoGradGuard no_gradient;
    const auto points = x.unsqueeze(1).repeat({1, flow.slots(), 1, 1});
    carried_pool = call("inverse", points).points.flatten(1).slice(1, 0, carried).clone();
  }
  torch::Tensor nll(const torch::Tensor &v) {
    const auto inverse = call("inverse", v);
    return -(log_prior(inverse.points) + inverse.log_det);
  }
  /// U / (k_B T), [B] float64. From a source it has a gradient only in the loss.
  torch::Tensor reduced_energy(const torch::Tensor &x, bool in_loss = false) {
    if (source)
      return source_energy(x.to(torch::kFloat64), *source, in_loss ? cap * tau : INFINITY) / tau;
    const auto u = energy.get_method("energy")({x.to(energy_dtype)}).toTensor();
    if (u.dim() != 1 || u.size(0) != x.size(0))
      throw Error(
          "the energy file does not return a tensor of shape [B] from energy: correct it as "
          "docs/model-contract.md says");
    return u.to(torch::kFloat64) / tau;
  }
  /// The reduced energy h above the cap grows logarithmically: large gradients teach nothing.
  torch::Tensor capped(const torch::Tensor &h) const {
    return torch::where(h > cap, cap + torch::log1p((h - cap).clamp(0.0, most_excess)), h);
  }
  torch::Tensor auxiliary_energy(const torch::Tensor &v) const {
    if (flow.slots() == 1) return torch::zeros({v.size(0)}, torch::kFloat64);
    return v.select(1, 1).flatten(1).square().sum(1).to(torch::kFloat64) * (0.5 / tau);
  }
  /// ln q(v) - ln exp(-h(v)) of v = forward(u).
  torch::Tensor kl(const torch::Tensor &u, bool with_cap) {
    const auto points = with_carried(u);
    const auto forward = call("forward", points);
    auto h = reduced_energy(forward.points.select(1, 0), with_cap);
    if (with_cap) h = capped(h);
    return h + auxiliary_energy(forward.points) + log_prior(points) - forward.log_det;
  }
  /// ln exp(-h(v)) - ln q(v) of a point of the target's space.
  torch::Tensor log_weight(const torch::Tensor &v) {
    return nll(v) - reduced_energy(v.select(1, 0)) - auxiliary_energy(v);
  }
  template <class Function>
  std::vector<double> in_pieces(const Points &points, const Function &function) {
    torch::NoGradGuard no_gradient;
    std::vector<double> all;
    const auto whole = flow.tensor(points);
    for (int64_t at = 0; at < points.count; at += evaluation_batch) {
      const auto values =
          function(whole.slice(0, at, std::min(points.count, at + evaluation_batch))).contiguous();
      all.insert(all.end(), values.template data_ptr<double>(),
                 values.template data_ptr<double>() + values.numel());
    }
    return all;
  }
};

namespace {

/// The training samples [N, n, d], or as many of them as will do, evenly.
torch::Tensor some_of(const Samples &samples, const std::vector<int64_t> &training,
                      int64_t most = std::numeric_limits<int64_t>::max()) {
  const auto count = static_cast<int64_t>(training.size());
  std::vector<int64_t> frames;
  for (int64_t i = 0; i < std::min(most, count); i++)
    frames.push_back(training[i * count / std::min(most, count)]);
  return torch::from_blob(const_cast<double *>(samples.x.data()),
                          {samples.count(), samples.n_atoms, samples.dim}, torch::kFloat64)
      .index_select(0, torch::tensor(frames));
}

void learn_molecule(const Architecture &architecture, const Samples &samples, const Split &split,
                    EnergySource *source, FlowSetting &setting) {
  if (!source)
    throw Error("architecture " + setting.architecture +
                " needs the bonds of the molecule: give the system with --lammps");
  StartingData data;
  data.samples.push_back({samples.x.data(), samples.count(), split.training});
  data.molecule = source->molecule(samples.ids);
  architecture.learn(setting, data);
}

} // namespace

int64_t moved_components(const TrainOptions &options) {
  // Before energies of samples are asked for, which are those of no molecule.
  if (options.dim > 0 && options.dim < 3 && architecture_of(options.flow).properties().bonds)
    throw Error("internal coordinates are of atoms in three dimensions: leave --dim out");
  if (options.dim > 0) return options.dim;
  if (options.energy.empty())
    throw Error(
        "--dim must say how many components of each atom the flow moves (1 for x, 2 for x and "
        "y, 3), because no energy file says it");
  return load_archive(options.energy, Format::energy).metadata.dim;
}

GaussianObjective::GaussianObjective(const TrainOptions &o, const Samples &samples,
                                     const Split &split, EnergySource *source) {
  FlowSetting setting(o.flow);
  setting.dim = moved_components(o);
  std::optional<Archive> energy;
  if (!o.energy.empty()) energy = load_energy(o, setting.dim, samples);
  setting.n_atoms = samples.n_atoms > 0 ? samples.n_atoms : energy ? energy->metadata.n_atoms : 0;
  setting.types = samples.types;
  setting.units = o.units;
  setting.temperatures = {o.temperature};
  const Architecture &architecture = architecture_of(setting);
  if (architecture.properties().bonds)
    learn_molecule(architecture, samples, split, source, setting);
  flow_ = std::make_unique<TrainedFlow>(setting, o.precision);
  impl_ = std::make_unique<Impl>(*flow_);
  if (energy) {
    impl_->energy = energy->module;
    impl_->energy_dtype = energy->metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  }
  impl_->source = source;
  impl_->has_energy = energy || source;
  impl_->cap = o.cap;
  impl_->tau_pair = torch::full({2}, setting.tau(), torch::kFloat64);
  impl_->carried = flow_metadata(setting).carried_count();
  if (impl_->carried > 0) impl_->fill_pool(some_of(samples, split.training, pool_size));
}

GaussianObjective::~GaussianObjective() = default;

void GaussianObjective::initialise(const Samples &samples, const std::vector<int64_t> &training) {
  initialise_from_data(flow_->saved(), flow_->setting(), some_of(samples, training));
  flow_->follow_saved();
}

torch::Tensor GaussianObjective::ml(const Points &target) {
  return impl_->nll(flow_->tensor(target));
}

torch::Tensor GaussianObjective::kl(const Points &prior) {
  return impl_->kl(flow_->tensor(prior), true);
}

std::vector<double> GaussianObjective::negative_log_likelihood(const Points &target) {
  return impl_->in_pieces(target, [&](const torch::Tensor &v) { return impl_->nll(v); });
}

std::vector<double> GaussianObjective::log_weights(const Points &prior) {
  return impl_->in_pieces(prior, [&](const torch::Tensor &u) { return -impl_->kl(u, false); });
}

std::vector<double> GaussianObjective::log_weights_of_samples(const Points &target) {
  return impl_->in_pieces(target, [&](const torch::Tensor &v) { return impl_->log_weight(v); });
}

Metadata GaussianObjective::metadata() const {
  auto metadata = FlowObjective::metadata();
  if (!impl_->source) return metadata;
  const auto [key, value] = impl_->source->provenance();
  metadata.provenance[key] = value;
  return metadata;
}

bool GaussianObjective::has_energy() const {
  return impl_->has_energy;
}

} // namespace nflow::trainer
