#include "model/energy_model.h"

#include "base/error.h"
#include "base/random.h"
#include "model/model_impl.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>

namespace nflow {

struct EnergyModel::Impl {
  std::string file;
  Metadata metadata;
  torch::jit::Module module;
  torch::Device device{torch::kCPU};
  torch::ScalarType dtype = torch::kFloat64;
  bool analytic = false; // the file has energy_and_gradient

  [[noreturn]] void refuse(const std::string &what) const {
    throw Error("energy file '" + file + "' " + what +
                ": correct it as docs/model-contract.md says");
  }
  torch::Tensor to_tensor(int64_t batch, const double *x, Memory memory = Memory::host) const {
    return torch::from_blob(const_cast<double *>(x), {batch, metadata.n_atoms, metadata.dim},
                            options(torch::kFloat64, device, memory))
        .to(device, dtype, false, true);
  }
  torch::Tensor call_energy(const torch::Tensor &x);
  std::pair<torch::Tensor, torch::Tensor> call_analytic(const torch::Tensor &x);
  std::pair<torch::Tensor, torch::Tensor> by_autograd(const torch::Tensor &x);
  void check_gradient(const torch::Tensor &point);
};

torch::Tensor EnergyModel::Impl::call_energy(const torch::Tensor &x) {
  c10::IValue result;
  try {
    result = module.get_method("energy")({x});
  } catch (const std::exception &e) {
    refuse("failed in energy (" + first_line(e) + ")");
  }
  if (!result.isTensor() || result.toTensor().dim() != 1 || result.toTensor().size(0) != x.size(0))
    refuse("must return a tensor of shape [B] from energy");
  return result.toTensor();
}

std::pair<torch::Tensor, torch::Tensor> EnergyModel::Impl::call_analytic(const torch::Tensor &x) {
  c10::IValue result;
  try {
    result = module.get_method("energy_and_gradient")({x});
  } catch (const std::exception &e) {
    refuse("failed in energy_and_gradient (" + first_line(e) + ")");
  }
  if (!result.isTuple() || result.toTupleRef().elements().size() != 2 ||
      !result.toTupleRef().elements()[0].isTensor() ||
      !result.toTupleRef().elements()[1].isTensor())
    refuse("must return (energy, gradient) from energy_and_gradient");
  const auto &elements = result.toTupleRef().elements();
  const auto energy = elements[0].toTensor(), gradient = elements[1].toTensor();
  if (energy.dim() != 1 || energy.size(0) != x.size(0) || gradient.sizes() != x.sizes())
    refuse("must return shapes [B] and [B, n, d] from energy_and_gradient");
  return {energy, gradient};
}

std::pair<torch::Tensor, torch::Tensor> EnergyModel::Impl::by_autograd(const torch::Tensor &x) {
  const torch::AutoGradMode gradients(true);
  auto point = x.detach().clone().requires_grad_(true);
  const auto energy = call_energy(point);
  try {
    const auto gradient = torch::autograd::grad({energy.sum()}, {point})[0];
    return {energy.detach(), gradient};
  } catch (const std::exception &e) {
    refuse("gives no gradient of energy (" + first_line(e) + ")");
  }
}

void EnergyModel::Impl::check_gradient(const torch::Tensor &point) {
  const auto expected = by_autograd(point);
  const auto given = call_analytic(point);
  const double tolerance = dtype == torch::kFloat32 ? 1e-3 : 1e-8;
  for (const auto &pair : {std::make_pair(expected.first, given.first),
                           std::make_pair(expected.second, given.second)}) {
    const auto scale = pair.first.abs().max().item<double>() + 1.0;
    const auto error = (pair.first - pair.second).abs().max().item<double>();
    if (!(error <= tolerance * scale))
      refuse("has an energy_and_gradient that is not its energy and the gradient of it");
  }
}

EnergyModel::EnergyModel(const std::string &file, const std::string &device)
    : impl_(std::make_unique<Impl>()) {
  auto archive = load_archive(file, Format::energy);
  impl_->file = file;
  impl_->metadata = archive.metadata;
  impl_->device = archive.metadata.operators.empty() ? torch::Device(device) : torch::kCPU;
  archive.module.to(impl_->device);
  impl_->module = archive.module;
  impl_->dtype = archive.metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  if (!archive.module.find_method("energy")) impl_->refuse("has no method energy(x)");
  impl_->analytic = archive.module.find_method("energy_and_gradient").has_value();
  if (impl_->analytic) {
    const int64_t batch = 4;
    std::vector<double> x(batch * archive.metadata.coordinates());
    RandomStream(1, 0, 0, Purpose::check).fill_gaussian(x.data(), x.size());
    impl_->check_gradient(impl_->to_tensor(batch, x.data()));
  }
  std::vector<std::string> methods{"energy"};
  if (impl_->analytic) methods.push_back("energy_and_gradient");
  try {
    impl_->module = torch::jit::freeze(archive.module, methods);
  } catch (const std::exception &) {
    impl_->module = archive.module; // one that changes itself runs as it is
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
  if (impl_->analytic) impl_->check_gradient(impl_->to_tensor(1, x));
}

void EnergyModel::energy(int64_t batch, const double *x, double *energy) {
  const c10::InferenceMode no_gradients;
  const auto result =
      impl_->call_energy(impl_->to_tensor(batch, x)).to(torch::kCPU, torch::kFloat64).contiguous();
  std::memcpy(energy, result.data_ptr<double>(), sizeof(double) * batch);
}

void EnergyModel::energy_and_gradient(int64_t batch, const double *x, double *energy,
                                      double *gradient, Memory memory) {
  const c10::InferenceMode no_gradients(impl_->analytic);
  const auto point = impl_->to_tensor(batch, x, memory);
  const auto result = impl_->analytic ? impl_->call_analytic(point) : impl_->by_autograd(point);
  torch::from_blob(gradient, point.sizes(), options(torch::kFloat64, impl_->device, memory))
      .copy_(result.second);
  // As in Model::map(): the copy to the host waits for the work before it.
  const auto u = result.first.to(torch::kCPU, torch::kFloat64).contiguous();
  std::memcpy(energy, u.data_ptr<double>(), sizeof(double) * batch);
}

} // namespace nflow
