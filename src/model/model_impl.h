#ifndef NFLOW_MODEL_MODEL_IMPL_H
#define NFLOW_MODEL_MODEL_IMPL_H

#include "base/error.h"
#include "model/archive.h"
#include "model/model.h"

#include <optional>

namespace nflow {

/// How LibTorch sees numbers at an address that is not its own.
inline torch::TensorOptions options(torch::ScalarType type, const torch::Device &device,
                                    Memory memory) {
  return torch::TensorOptions(type).device(memory == Memory::host ? torch::Device(torch::kCPU)
                                                                  : device);
}

/// What is wrong with the kind of a tensor that a model returned for `points`, as the end of a
/// sentence; empty if it is an ordinary tensor of numbers with a fraction, where the points are.
inline std::string wrong_kind(const torch::Tensor &result, const torch::Tensor &points) {
  if (!result.defined() || result.layout() != torch::kStrided) return "must return dense tensors";
  if (result.device() != points.device()) return "must return tensors on the device of its points";
  if (result.scalar_type() != torch::kFloat64 && result.scalar_type() != torch::kFloat32)
    return "must return tensors of float64 or float32";
  return "";
}

/// A difference of points [.., S, n, d]: positions, slot 0, to the nearest image in a periodic box.
inline void to_nearest_image(const Metadata &metadata, const torch::Tensor &difference) {
  if (!metadata.periodic || !metadata.box) return;
  auto positions = difference.select(-3, 0);
  const auto box = torch::tensor(*metadata.box, torch::kFloat64);
  positions.sub_(box * torch::round(positions / box));
}

/// Throws the Error of a model that autograd fails for.
[[noreturn]] inline void refuse_derivatives(const std::string &file, const std::exception &e) {
  throw Error("model file '" + file +
              "' cannot be differentiated, so its log-det cannot be checked (" + first_line(e) +
              "): write it with differentiable operations");
}

/// The LibTorch side of Model, shared by model.cpp and checks.cpp.
struct Model::Impl {
  std::string file;
  Metadata metadata;
  torch::jit::Module loaded; // on `device`
  torch::jit::Module module; // frozen: what is run, under InferenceMode
  /// Another, for derivatives: LibTorch keeps what it computes of constants at a first call, and
  /// cannot differentiate with what comes from one under InferenceMode.
  std::optional<torch::jit::Module> differentiable;
  torch::Device device{torch::kCPU};
  torch::ScalarType dtype = torch::kFloat64;
  bool masked = false;          // has forward_masked and inverse_masked
  bool own_coordinates = false; // has log_det_coordinates

  struct Mapped {
    torch::Tensor points;  // [B, S, n, d], dtype of the model
    torch::Tensor log_det; // [B], float64
  };
  /// Calls a method of the map (the differentiable one, if gradients are on) and checks the types
  /// and shapes of what comes back. A masked method needs `mask` [B, n], bool. Throws Error.
  Mapped call(const char *method, const torch::Tensor &points, const Temperatures &tau,
              const torch::Tensor &mask = {});
  /// log_det_coordinates of points v: [B] float64, zeros if the model has no such method.
  torch::Tensor log_det_coordinates(const torch::Tensor &points);
  /// Doubles at an address of `memory` to a tensor of the model, always a copy: a model may write
  /// to its argument.
  torch::Tensor to_tensor(int64_t batch, const double *points, Memory memory = Memory::host) const;
  /// The mask [batch, n] of bytes as a tensor of the model.
  torch::Tensor to_mask(int64_t batch, const uint8_t *mask, Memory memory = Memory::host) const;
};

} // namespace nflow

#endif
