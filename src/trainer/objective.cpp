#include "trainer/objective.h"

#include "architectures/flow_builder.h"
#include "model/archive.h"
#include "model/units.h"
#include "nflow_error.h"
#include "trainer/train_options.h"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/torch.h>

#include <cmath>

namespace nflow::trainer {

namespace {

constexpr int64_t evaluation_batch = 512;

Archive load_energy(TrainOptions &o, const Samples &samples) {
  auto archive = load_archive(o.energy, Format::energy);
  const Metadata &m = archive.metadata;
  const auto require = [&](bool good, const std::string &what) {
    if (!good) throw Error("energy file '" + o.energy + "' " + what);
  };
  require(m.dim == o.flow.dim, "is for " + std::to_string(m.dim) +
                                   " components of each atom, --dim is " +
                                   std::to_string(o.flow.dim) + ": make them equal");
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
  o.flow.n_atoms = m.n_atoms;
  for (auto parameter : archive.module.parameters()) parameter.set_requires_grad(false);
  return archive;
}

torch::ScalarType dtype_of(const std::string &name) {
  return name == "float32" ? torch::kFloat32 : torch::kFloat64;
}

/// Copies between a module's tensors and one flat vector, as double.
template <class List>
std::vector<double> flattened(const List &tensors) {
  std::vector<double> flat;
  for (const torch::Tensor &tensor : tensors) {
    const auto values = tensor.detach().to(torch::kFloat64).contiguous();
    flat.insert(flat.end(), values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
  }
  return flat;
}

template <class List>
void unflatten(const std::vector<double> &flat, const List &tensors) {
  torch::NoGradGuard no_gradient;
  const double *at = flat.data();
  for (const torch::Tensor &tensor : tensors) {
    // copy_ converts; from_blob only looks.
    tensor.copy_(torch::from_blob(const_cast<double *>(at), tensor.sizes(), torch::kFloat64));
    at += tensor.numel();
  }
}

} // namespace

struct Objective::Impl {
  FlowOptions options;
  double tau = 1.0, cap = 0.0, temperature = 1.0;
  std::string units;
  std::vector<int> types;
  torch::jit::Module flow;  // in the arithmetic of the training
  torch::jit::Module saved; // in the arithmetic of the saved model
  torch::jit::Module energy;
  bool has_energy = false;
  torch::ScalarType dtype = torch::kFloat64, energy_dtype = torch::kFloat64;
  torch::Tensor tau_pair;
  std::vector<torch::Tensor> parameters;
  int64_t slots = 1;

  torch::Tensor tensor(const Points &points) const {
    return torch::from_blob(const_cast<double *>(points.values.data()),
                            {points.count, slots, options.n_atoms, options.dim}, torch::kFloat64)
        .to(dtype);
  }
  struct Mapped {
    torch::Tensor points, log_det;
  };
  Mapped call(const char *method, const torch::Tensor &points) {
    const auto result = flow.get_method(method)({points, tau_pair});
    const auto &pair = result.toTupleRef().elements();
    return {pair[0].toTensor(), pair[1].toTensor()};
  }
  /// ln N(0, tau) of every number of [B, S, n, d], summed: [B] float64.
  torch::Tensor log_prior(const torch::Tensor &u) const {
    const double per_number = 0.5 * std::log(2.0 * M_PI * tau);
    const auto size = static_cast<double>(slots * options.n_atoms * options.dim);
    return u.flatten(1).square().sum(1).to(torch::kFloat64) * (-0.5 / tau) - size * per_number;
  }
  torch::Tensor nll(const torch::Tensor &v) {
    const auto inverse = call("inverse", v);
    return -(log_prior(inverse.points) + inverse.log_det);
  }
  /// U / (k_B T), [B] float64.
  torch::Tensor reduced_energy(const torch::Tensor &x) {
    const auto u = energy.get_method("energy")({x.to(energy_dtype)}).toTensor();
    if (u.dim() != 1 || u.size(0) != x.size(0))
      throw Error(
          "the energy file does not return a tensor of shape [B] from energy: correct it as "
          "docs/model-contract.md says");
    return u.to(torch::kFloat64) / tau;
  }
  /// The reduced energy h above the cap grows logarithmically: large gradients teach nothing.
  torch::Tensor capped(const torch::Tensor &h) const {
    return torch::where(h > cap, cap + torch::log1p((h - cap).clamp_min(0.0)), h);
  }
  torch::Tensor auxiliary_energy(const torch::Tensor &v) const {
    if (slots == 1) return torch::zeros({v.size(0)}, torch::kFloat64);
    return v.select(1, 1).flatten(1).square().sum(1).to(torch::kFloat64) * (0.5 / tau);
  }
  /// ln q(v) - ln exp(-h(v)) of v = forward(u).
  torch::Tensor kl(const torch::Tensor &u, bool with_cap) {
    const auto forward = call("forward", u);
    auto h = reduced_energy(forward.points.select(1, 0));
    if (with_cap) h = capped(h);
    return h + auxiliary_energy(forward.points) + log_prior(u) - forward.log_det;
  }
  template <class Function>
  std::vector<double> in_pieces(const Points &points, const Function &function) {
    torch::NoGradGuard no_gradient;
    std::vector<double> all;
    const auto whole = tensor(points);
    for (int64_t at = 0; at < points.count; at += evaluation_batch) {
      const auto values =
          function(whole.slice(0, at, std::min(points.count, at + evaluation_batch))).contiguous();
      all.insert(all.end(), values.template data_ptr<double>(),
                 values.template data_ptr<double>() + values.numel());
    }
    return all;
  }
};

void complete_dim(TrainOptions &options) {
  if (options.flow.dim > 0) return;
  if (options.energy.empty())
    throw Error(
        "--dim must say how many components of each atom the flow moves (1 for x, 2 for x and "
        "y, 3), because no energy file says it");
  options.flow.dim = load_archive(options.energy, Format::energy).metadata.dim;
}

Objective::Objective(TrainOptions &o, const Samples &samples) : impl_(new Impl) {
  // The profiling executor specialises every shape anew and gains nothing at these sizes.
  torch::jit::setGraphExecutorOptimize(false);
  if (!o.energy.empty()) {
    const auto archive = load_energy(o, samples);
    impl_->energy = archive.module;
    impl_->energy_dtype = dtype_of(archive.metadata.dtype);
    impl_->has_energy = true;
  }
  if (samples.n_atoms > 0) o.flow.n_atoms = samples.n_atoms;
  o.flow.tau = boltzmann_constant(o.units) * o.temperature;
  impl_->options = o.flow;
  impl_->tau = o.flow.tau;
  impl_->cap = o.cap;
  impl_->temperature = o.temperature;
  impl_->units = o.units;
  impl_->types = samples.types;
  impl_->dtype = dtype_of(o.precision);
  impl_->tau_pair = torch::full({2}, o.flow.tau, torch::kFloat64);
  impl_->slots = o.flow.architecture == "tsf" ? 2 : 1;
  impl_->saved = build_flow(o.flow);
  auto trained = o.flow;
  trained.dtype = o.precision;
  impl_->flow = build_flow(trained);
  for (const auto &parameter : impl_->flow.parameters()) impl_->parameters.push_back(parameter);
  set_parameters(parameters());
}

Objective::~Objective() = default;

void Objective::initialise(const Samples &samples, const std::vector<int64_t> &training) {
  auto x = torch::from_blob(const_cast<double *>(samples.x.data()),
                            {samples.count(), samples.n_atoms, samples.dim}, torch::kFloat64);
  const auto picked = torch::tensor(training);
  initialise_from_data(impl_->saved, impl_->options, x.index_select(0, picked));
  unflatten(flattened(impl_->saved.parameters()), impl_->flow.parameters());
  unflatten(flattened(impl_->saved.buffers()), impl_->flow.buffers());
}

std::vector<double> Objective::parameters() const {
  return flattened(impl_->saved.parameters());
}

void Objective::set_parameters(const std::vector<double> &parameters) {
  unflatten(parameters, impl_->parameters);
}

std::vector<double> Objective::constants() const {
  return flattened(impl_->saved.buffers());
}

void Objective::set_constants(const std::vector<double> &constants) {
  unflatten(constants, impl_->saved.buffers());
  unflatten(constants, impl_->flow.buffers());
}

Objective::Terms Objective::add_gradient(const Points &target, double ml_weight,
                                         const Points &prior, double kl_weight,
                                         std::vector<double> &gradient) {
  Terms terms;
  torch::Tensor loss = torch::zeros({}, torch::kFloat64);
  if (ml_weight > 0.0 && target.count > 0) {
    const auto ml = impl_->nll(impl_->tensor(target)).sum();
    terms.ml = ml.item<double>();
    loss = loss + ml_weight * ml;
  }
  if (kl_weight > 0.0 && prior.count > 0) {
    const auto kl = impl_->kl(impl_->tensor(prior), true).sum();
    terms.kl = kl.item<double>();
    loss = loss + kl_weight * kl;
  }
  if (!loss.requires_grad()) return terms;
  const auto gradients =
      torch::autograd::grad({loss}, impl_->parameters, {}, c10::nullopt, false, true);
  double *at = gradient.data();
  for (size_t i = 0; i < gradients.size(); i++) {
    const int64_t count = impl_->parameters[i].numel();
    if (gradients[i].defined()) {
      const auto values = gradients[i].to(torch::kFloat64).contiguous();
      const double *from = values.data_ptr<double>();
      for (int64_t k = 0; k < count; k++) at[k] += from[k];
    }
    at += count;
  }
  return terms;
}

std::vector<double> Objective::negative_log_likelihood(const Points &target) {
  return impl_->in_pieces(target, [&](const torch::Tensor &v) { return impl_->nll(v); });
}

std::vector<double> Objective::log_weights(const Points &prior) {
  return impl_->in_pieces(prior, [&](const torch::Tensor &u) { return -impl_->kl(u, false); });
}

bool Objective::has_energy() const {
  return impl_->has_energy;
}

Metadata Objective::metadata() const {
  auto metadata = flow_metadata(impl_->options, impl_->temperature);
  metadata.units = impl_->units;
  if (!impl_->types.empty()) metadata.types = impl_->types;
  metadata.provenance["parameters"] = parameter_count(impl_->saved);
  metadata.provenance["libtorch"] = TORCH_VERSION;
  return metadata;
}

void Objective::save(const std::vector<double> &parameters, const Metadata &metadata,
                     const std::string &file) {
  unflatten(parameters, impl_->saved.parameters());
  auto module = impl_->saved.clone();
  for (auto parameter : module.parameters()) parameter.set_requires_grad(false);
  module.eval();
  save_archive(module, metadata, file);
}

} // namespace nflow::trainer
