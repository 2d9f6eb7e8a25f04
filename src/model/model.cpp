#include "model/model.h"

#include "base/error.h"
#include "model/checks.h"
#include "model/frozen_module.h"
#include "model/model_impl.h"
#include "model/sample_points.h"
#include "operators/operators.h"

#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>

#include <algorithm>
#include <cstring>

namespace nflow {

namespace {

torch::Device choose_device(const std::string &name, int local_rank) {
  const bool numbered = name.rfind("cuda:", 0) == 0;
  if (name != "auto" && name != "cpu" && name != "cuda" && !numbered)
    throw Error("device '" + name + "' is not known: use auto, cpu, cuda or cuda:i");
  if (name == "cpu" || (name == "auto" && !torch::cuda::is_available())) return {torch::kCPU};
  if (!torch::cuda::is_available())
    throw Error("device '" + name +
                "' was asked for, but LibTorch finds no CUDA device: use device cpu or auto");
  const int count = static_cast<int>(torch::cuda::device_count());
  if (!numbered) return {torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % count)};
  const auto digits = name.substr(5);
  if (digits.empty() || digits.size() > 3 ||
      digits.find_first_not_of("0123456789") != std::string::npos || std::stoi(digits) >= count)
    throw Error("device '" + name + "' does not exist: there are " + std::to_string(count) +
                " CUDA devices, numbered from 0");
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(std::stoi(digits))};
}

bool has_method(const torch::jit::Module &module, const char *name, size_t arguments) {
  const auto method = module.find_method(name); // its arguments begin with self
  return method && method->function().getSchema().arguments().size() == 1 + arguments;
}

void require_methods(const torch::jit::Module &module, const std::string &file) {
  for (const char *name : {"forward", "inverse"})
    if (!has_method(module, name, 2))
      throw Error("model file '" + file + "' has no method " + name +
                  "(points, tau): write it as docs/model-contract.md says");
}

/// Whether the optional methods are there. Half of them is an error.
bool find_masked(const torch::jit::Module &module, const std::string &file) {
  const bool forward = has_method(module, "forward_masked", 3);
  const bool inverse = has_method(module, "inverse_masked", 3);
  if (forward != inverse)
    throw Error("model file '" + file +
                "' has only one of forward_masked(points, tau, mask) and inverse_masked: write "
                "both, as docs/model-contract.md says, or none");
  return forward;
}

/// Freezing inlines all weights that the methods use.
torch::jit::Module frozen(const torch::jit::Module &module, bool masked, bool own_coordinates,
                          const torch::Device &device) {
  std::vector<std::string> methods{"forward", "inverse"};
  if (own_coordinates) methods.emplace_back("log_det_coordinates");
  if (masked) methods.insert(methods.end(), {"forward_masked", "inverse_masked"});
  return frozen_module(module, methods, device);
}

bool all_run_on_cuda(const std::vector<std::string> &operators) {
  return std::all_of(operators.begin(), operators.end(), runs_on_cuda);
}

} // namespace

int cuda_device_count() {
  return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
}

Model::Model(const std::string &file, const std::string &device, int local_rank)
    : impl_(std::make_unique<Impl>()) {
  auto archive = load_archive(file, Format::model);
  require_methods(archive.module, file);
  impl_->file = file;
  impl_->masked = find_masked(archive.module, file);
  impl_->own_coordinates = has_method(archive.module, "log_det_coordinates", 1);
  impl_->metadata = archive.metadata;
  impl_->device = choose_device(device, local_rank);
  if (impl_->device.is_cuda() && !all_run_on_cuda(archive.metadata.operators)) {
    if (device != "auto")
      throw Error("model file '" + file +
                  "' calls an operator of lammps-nflow that runs on the CPU only: use device cpu "
                  "or auto");
    impl_->device = torch::kCPU;
  }
  impl_->dtype = archive.metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  try {
    archive.module.to(impl_->device);
    impl_->loaded = archive.module;
    impl_->module = frozen(archive.module, impl_->masked, impl_->own_coordinates, impl_->device);
  } catch (const std::exception &e) {
    throw Error("model file '" + file + "' cannot be frozen on device " + impl_->device.str() +
                ": " + first_line(e));
  }
}

Model::~Model() = default;

const Metadata &Model::metadata() const {
  return impl_->metadata;
}
const std::string &Model::file() const {
  return impl_->file;
}
std::string Model::device() const {
  return impl_->device.str();
}

torch::Tensor Model::Impl::to_tensor(int64_t batch, const double *points, Memory memory) const {
  const auto theirs = torch::from_blob(const_cast<double *>(points),
                                       {batch, metadata.slots(), metadata.n_atoms, metadata.dim},
                                       options(torch::kFloat64, device, memory));
  return theirs.to(device, dtype, false, true);
}

Model::Impl::Mapped Model::Impl::call(const char *method, const torch::Tensor &points,
                                      const Temperatures &temperatures, const torch::Tensor &mask) {
  const auto refuse = [&](const std::string &what) {
    throw Error("model file '" + file + "': " + method + " " + what +
                ": correct the model as docs/model-contract.md says");
  };
  double taus[2] = {temperatures.prior, temperatures.target};
  const auto tau =
      torch::from_blob(taus, {2}, torch::kFloat64).to(device, torch::kFloat64, false, true);
  c10::IValue result;
  try {
    std::vector<c10::IValue> arguments{points, tau};
    if (mask.defined()) arguments.emplace_back(mask);
    const bool gradients = torch::GradMode::is_enabled();
    if (gradients && !differentiable)
      differentiable = frozen(loaded, masked, own_coordinates, device);
    result = (gradients ? *differentiable : module).get_method(method)(arguments);
  } catch (const std::exception &e) {
    if (device.is_cuda() && std::string(e.what()).find("out of memory") != std::string::npos)
      throw Error("model file '" + file + "': the GPU has not enough memory for " + method +
                  " of a batch of " + std::to_string(points.size(0)) +
                  ": use device cpu, or a smaller batch");
    refuse("failed (" + first_line(e) + ")");
  }
  if (!result.isTuple() || result.toTupleRef().elements().size() != 2 ||
      !result.toTupleRef().elements()[0].isTensor() ||
      !result.toTupleRef().elements()[1].isTensor())
    refuse("must return the two tensors (points, log_det)");
  Mapped mapped{result.toTupleRef().elements()[0].toTensor(),
                result.toTupleRef().elements()[1].toTensor()};
  for (const auto &tensor : {mapped.points, mapped.log_det}) {
    const auto wrong = wrong_kind(tensor, points);
    if (!wrong.empty()) refuse(wrong);
  }
  if (mapped.points.sizes() != points.sizes())
    refuse("must return points of the shape it was given");
  if (mapped.log_det.dim() != 1 || mapped.log_det.size(0) != points.size(0))
    refuse("must return log_det of shape [B]");
  if (mapped.log_det.scalar_type() != torch::kFloat64) refuse("must return log_det in float64");
  if (mapped.points.scalar_type() != dtype) refuse("must return points of dtype " + metadata.dtype);
  return mapped;
}

torch::Tensor Model::Impl::log_det_coordinates(const torch::Tensor &points) {
  if (!own_coordinates) return torch::zeros({points.size(0)}, torch::kFloat64);
  const auto wrong = [&](const std::string &what) {
    return Error("model file '" + file + "': log_det_coordinates " + what +
                 ": correct the model as docs/model-contract.md says");
  };
  torch::Tensor result;
  try {
    result = module.get_method("log_det_coordinates")({points}).toTensor();
  } catch (const std::exception &e) {
    throw wrong("failed (" + first_line(e) + ")");
  }
  if (result.dim() != 1 || result.size(0) != points.size(0) ||
      result.scalar_type() != torch::kFloat64)
    throw wrong("must return a float64 tensor of shape [B]");
  return result.detach().to(torch::kCPU).contiguous();
}

torch::Tensor Model::Impl::to_mask(int64_t batch, const uint8_t *mask, Memory memory) const {
  return torch::from_blob(const_cast<uint8_t *>(mask), {batch, metadata.n_atoms},
                          options(torch::kUInt8, device, memory))
      .to(device, torch::kBool);
}

void Model::map(Direction direction, int64_t batch, const double *in, const Temperatures &tau,
                const uint8_t *mask, double *out, double *log_det, Memory memory) {
  const c10::InferenceMode no_gradients;
  const char *const methods[2][2] = {{"forward", "forward_masked"}, {"inverse", "inverse_masked"}};
  const auto mapped = impl_->call(methods[direction == Direction::inverse][mask != nullptr],
                                  impl_->to_tensor(batch, in, memory), tau,
                                  mask ? impl_->to_mask(batch, mask, memory) : torch::Tensor());
  auto result =
      torch::from_blob(out, mapped.points.sizes(), options(torch::kFloat64, impl_->device, memory));
  result.copy_(mapped.points.detach());
  // A copy to the host waits for its stream, and so for all that was put into it before: for the
  // map and for the copy above. This is where the streams of LibTorch and of the caller meet.
  const auto dets = mapped.log_det.detach().to(torch::kCPU).contiguous();
  std::memcpy(log_det, dets.data_ptr<double>(), sizeof(double) * batch);
}

void Model::forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
                    double *log_det) {
  map(Direction::forward, batch, u, tau, nullptr, v, log_det, Memory::host);
}

void Model::inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
                    double *log_det) {
  map(Direction::inverse, batch, v, tau, nullptr, u, log_det, Memory::host);
}

void Model::forward_masked(int64_t batch, const double *u, const Temperatures &tau,
                           const uint8_t *mask, double *v, double *log_det) {
  map(Direction::forward, batch, u, tau, mask, v, log_det, Memory::host);
}

void Model::inverse_masked(int64_t batch, const double *v, const Temperatures &tau,
                           const uint8_t *mask, double *u, double *log_det) {
  map(Direction::inverse, batch, v, tau, mask, u, log_det, Memory::host);
}

bool Model::has_masked() const {
  return impl_->masked;
}

void Model::warm_up(int64_t batch, const Temperatures &tau, int repeats) {
  const auto u = prior_points(metadata(), tau.prior, batch);
  std::vector<double> v(u.size()), back(u.size()), log_det(batch);
  for (int i = 0; i < repeats; i++) {
    forward(batch, u.data(), tau, v.data(), log_det.data());
    inverse(batch, v.data(), tau, back.data(), log_det.data());
  }
  check_batch_size(*this, batch, tau);
}

} // namespace nflow
