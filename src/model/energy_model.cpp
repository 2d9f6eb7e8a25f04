#include "model/energy_model.h"

#include "base/error.h"
#include "base/random.h"
#include "model/frozen_module.h"
#include "model/model_impl.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>
#include <optional>

namespace nflow {

namespace {

/// All numbers of a tensor. What is there already costs no call of LibTorch.
void copy_to_host(const torch::Tensor &result, double *numbers) {
  const bool there = result.device().is_cpu() && result.scalar_type() == torch::kFloat64 &&
                     result.is_contiguous() && !result.is_neg();
  const auto host =
      there ? result : result.detach().resolve_neg().to(torch::kCPU, torch::kFloat64).contiguous();
  std::memcpy(numbers, host.data_ptr<double>(), sizeof(double) * host.numel());
}

} // namespace

struct EnergyModel::Impl {
  std::string file;
  Metadata metadata;
  torch::jit::Module module;
  torch::Device device{torch::kCPU};
  torch::ScalarType dtype = torch::kFloat64;
  // Found once: looking for a method takes as long as a small potential.
  std::optional<torch::jit::Method> of_energy, of_both; // the latter where the file has it
  bool analytic() const { return of_both.has_value(); }

  [[noreturn]] void refuse(const std::string &what) const {
    throw Error("energy file '" + file + "' " + what +
                ": correct it as docs/model-contract.md says");
  }
  /// Always a copy: a model may write to its argument.
  torch::Tensor to_tensor(int64_t batch, const double *x, Memory memory = Memory::host) const {
    if (memory == Memory::host && device.is_cpu() && dtype == torch::kFloat64) {
      auto copy = torch::empty({batch, metadata.n_atoms, metadata.dim}, torch::kFloat64);
      std::memcpy(copy.data_ptr<double>(), x, copy.nbytes());
      return copy;
    }
    return torch::from_blob(const_cast<double *>(x), {batch, metadata.n_atoms, metadata.dim},
                            options(torch::kFloat64, device, memory))
        .to(device, dtype, false, true);
  }
  void require_kind(const torch::Tensor &result, const torch::Tensor &x, const char *method) const {
    const auto wrong = wrong_kind(result, x);
    if (!wrong.empty()) refuse(wrong + " from " + method);
  }
  torch::Tensor call_energy(const torch::Tensor &x);
  std::pair<torch::Tensor, torch::Tensor> call_analytic(const torch::Tensor &x);
  std::pair<torch::Tensor, torch::Tensor> by_autograd(const torch::Tensor &x);
  std::pair<torch::Tensor, torch::Tensor> both(const torch::Tensor &x);
  void require_equal(const torch::Tensor &expected, const torch::Tensor &given,
                     const std::string &what) const;
  void require_same(const std::pair<torch::Tensor, torch::Tensor> &expected,
                    const std::pair<torch::Tensor, torch::Tensor> &given,
                    const std::string &when) const;
  void check_gradient(const torch::Tensor &point);
  void check();
};

torch::Tensor EnergyModel::Impl::call_energy(const torch::Tensor &x) {
  c10::IValue result;
  try {
    result = (*of_energy)({x});
  } catch (const std::exception &e) {
    refuse("failed in energy (" + first_line(e) + ")");
  }
  if (!result.isTensor()) refuse("must return a tensor of shape [B] from energy");
  const auto energy = result.toTensor();
  require_kind(energy, x, "energy");
  if (energy.dim() != 1 || energy.size(0) != x.size(0))
    refuse("must return a tensor of shape [B] from energy");
  return energy;
}

std::pair<torch::Tensor, torch::Tensor> EnergyModel::Impl::call_analytic(const torch::Tensor &x) {
  c10::IValue result;
  try {
    result = (*of_both)({x});
  } catch (const std::exception &e) {
    refuse("failed in energy_and_gradient (" + first_line(e) + ")");
  }
  if (!result.isTuple() || result.toTupleRef().elements().size() != 2 ||
      !result.toTupleRef().elements()[0].isTensor() ||
      !result.toTupleRef().elements()[1].isTensor())
    refuse("must return (energy, gradient) from energy_and_gradient");
  const auto &elements = result.toTupleRef().elements();
  const auto energy = elements[0].toTensor(), gradient = elements[1].toTensor();
  for (const auto &tensor : {energy, gradient}) require_kind(tensor, x, "energy_and_gradient");
  if (energy.dim() != 1 || energy.size(0) != x.size(0) || gradient.sizes() != x.sizes())
    refuse("must return shapes [B] and [B, n, d] from energy_and_gradient");
  if (!torch::GradMode::is_enabled()) return {energy, gradient};
  return {energy.detach(), gradient.detach()};
}

std::pair<torch::Tensor, torch::Tensor> EnergyModel::Impl::by_autograd(const torch::Tensor &x) {
  const torch::AutoGradMode gradients(true);
  auto point = x.detach().clone().requires_grad_(true);
  const auto energy = call_energy(point.clone()); // it may write to its argument
  try {
    const auto gradient = torch::autograd::grad({energy.sum()}, {point})[0];
    return {energy.detach(), gradient};
  } catch (const std::exception &e) {
    refuse("gives no gradient of energy (" + first_line(e) + ")");
  }
}

void EnergyModel::Impl::require_equal(const torch::Tensor &expected, const torch::Tensor &given,
                                      const std::string &what) const {
  const double tolerance = dtype == torch::kFloat32 ? 1e-3 : 1e-8;
  const auto scale = expected.abs().max().item<double>() + 1.0;
  if (!((expected - given).abs().max().item<double>() <= tolerance * scale)) refuse(what);
}

void EnergyModel::Impl::check_gradient(const torch::Tensor &point) {
  if (!analytic()) return;
  const auto expected = by_autograd(point);
  const auto given = call_analytic(point);
  const char *wrong = "has an energy_and_gradient that is not its energy and the gradient of it";
  require_equal(expected.first, given.first, wrong);
  require_equal(expected.second, given.second, wrong);
}

std::pair<torch::Tensor, torch::Tensor> EnergyModel::Impl::both(const torch::Tensor &x) {
  const c10::InferenceMode no_gradients(analytic()); // no one differentiates that method
  return analytic() ? call_analytic(x) : by_autograd(x);
}

/// Whether the energy and its gradient are numbers, for each configuration.
torch::Tensor usable(const std::pair<torch::Tensor, torch::Tensor> &result) {
  return torch::isfinite(result.first) & torch::isfinite(result.second).flatten(1).all(1);
}

void EnergyModel::Impl::require_same(const std::pair<torch::Tensor, torch::Tensor> &expected,
                                     const std::pair<torch::Tensor, torch::Tensor> &given,
                                     const std::string &when) const {
  const auto count = given.first.size(0);
  const auto energy = expected.first.narrow(0, 0, count);
  const auto gradient = expected.second.narrow(0, 0, count);
  const auto known = usable({energy, gradient});
  if (!known.any().item<bool>()) return;
  const auto what = "gives another energy or gradient " + when;
  require_equal(energy.index({known}), given.first.index({known}), what);
  require_equal(gradient.index({known}), given.second.index({known}), what);
}

/// Calls all methods as LAMMPS will: at batches of several sizes, and each of them twice.
void EnergyModel::Impl::check() {
  // Pair potentials hold all distances of all configurations.
  constexpr int64_t most_numbers = 4000000, most = 64, least = 4;
  const int64_t size = metadata.coordinates();
  const int64_t count = std::max(least, std::min(most, most_numbers / size / metadata.n_atoms));
  std::vector<double> x(size * count);
  RandomStream(1, 0, 0, Purpose::check).fill_gaussian(x.data(), x.size());
  const auto points = to_tensor(count, x.data());
  const auto first = both(points);
  if (!usable(first).any().item<bool>())
    refuse("gives NaN or infinity for all positions that were tried");
  require_same(first, both(points), "when it is called again");
  require_same(first, {call_energy(points).detach(), first.second}, "when energy alone is called");
  for (const int64_t part : {int64_t(1), least})
    require_same(first, both(to_tensor(part, x.data())), "in a batch of another size");
  check_gradient(to_tensor(least, x.data()));
}

EnergyModel::EnergyModel(const std::string &file, const std::string &device)
    : impl_(std::make_unique<Impl>()) {
  auto archive = load_archive(file, Format::energy);
  impl_->file = file;
  impl_->metadata = archive.metadata;
  impl_->device = archive.metadata.operators.empty() ? torch::Device(device) : torch::kCPU;
  archive.module.to(impl_->device);
  impl_->dtype = archive.metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  if (!archive.module.find_method("energy")) impl_->refuse("has no method energy(x)");
  const bool analytic = archive.module.find_method("energy_and_gradient").has_value();
  std::vector<std::string> methods{"energy"};
  if (analytic) methods.push_back("energy_and_gradient");
  try {
    impl_->module = frozen_module(archive.module, methods, impl_->device);
  } catch (const std::exception &) {
    impl_->module = archive.module; // what cannot be frozen runs as it is
  }
  impl_->of_energy = impl_->module.get_method("energy");
  if (analytic) impl_->of_both = impl_->module.get_method("energy_and_gradient");
  try {
    impl_->check();
  } catch (const Error &) {
    throw;
  } catch (const std::exception &e) {
    impl_->refuse("cannot be called (" + first_line(e) + ")");
  }
}

EnergyModel::~EnergyModel() = default;

const Metadata &EnergyModel::metadata() const {
  return impl_->metadata;
}
const std::string &EnergyModel::file() const {
  return impl_->file;
}

std::string EnergyModel::device() const {
  return impl_->device.str();
}

void EnergyModel::check_gradient(const double *x) {
  impl_->check_gradient(impl_->to_tensor(1, x));
}

void EnergyModel::energy(int64_t batch, const double *x, double *energy, Memory memory) {
  const torch::NoGradGuard no_gradients; // not InferenceMode: see Model::Impl::differentiable
  copy_to_host(impl_->call_energy(impl_->to_tensor(batch, x, memory)), energy);
}

void EnergyModel::energy_and_gradient(int64_t batch, const double *x, double *energy,
                                      double *gradient, Memory memory) {
  const auto point = impl_->to_tensor(batch, x, memory);
  const auto result = impl_->both(point);
  if (memory == Memory::host)
    copy_to_host(result.second, gradient);
  else
    torch::from_blob(gradient, point.sizes(), options(torch::kFloat64, impl_->device, memory))
        .copy_(result.second);
  // As in Model::map(): the copy to the host waits for the work before it.
  copy_to_host(result.first, energy);
}

} // namespace nflow
