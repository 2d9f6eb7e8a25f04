#ifndef NFLOW_OPERATORS_OPERATOR_VERSIONS_H
#define NFLOW_OPERATORS_OPERATOR_VERSIONS_H

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/types.h>

#include <tuple>
#include <utility>

namespace nflow::operators {

using Mapped = std::tuple<torch::Tensor, torch::Tensor>; // points and log_det, or what an energy
                                                         // has: energies and gradients

/// The versions of a map, or of an energy, as LibTorch's dispatcher wants them. `Map` has
///     Arguments                             all but the points
///     run(arguments, points, states)        on the CPU; fills *states, for a backward, unless null
///     of_tensors(points, arguments)         by differentiable operations, on any device
///     differentiable(points, arguments)     on the CPU, with an analytic backward
template <class Map>
struct OperatorVersions {
  using Arguments = typename Map::Arguments;

  static Mapped on_cpu(const torch::Tensor &points, Arguments a) {
    return Map::run(a, points, nullptr);
  }
  static Mapped on_any_device(const torch::Tensor &points, Arguments a) {
    return Map::of_tensors(points, std::move(a));
  }
  static Mapped with_gradients(const torch::Tensor &points, Arguments a) {
    if (!points.device().is_cpu()) return on_any_device(points, std::move(a));
    if (!torch::GradMode::is_enabled()) { // nothing to be kept for a backward
      at::AutoDispatchBelowADInplaceOrView below;
      return Map::run(a, points, nullptr);
    }
    return Map::differentiable(points, a);
  }
};

/// Map::of_tensors() of an operator that has no version for other devices: by way of the CPU, where
/// the arguments are already.
template <class Map>
Mapped by_way_of_cpu(const torch::Tensor &points, typename Map::Arguments a) {
  const auto [out, log_det] = OperatorVersions<Map>::with_gradients(points.cpu(), std::move(a));
  return {out.to(points.device()), log_det.to(points.device())};
}

/// Gives an operator that is declared its versions: functions with the signature of its schema.
template <class Version>
void implement(torch::Library &library, const char *name, Version *on_cpu, Version *on_any_device,
               Version *with_gradients) {
  library.impl(name, torch::dispatch(c10::DispatchKey::CPU, +on_cpu));
  library.impl(name, torch::dispatch(c10::DispatchKey::CUDA, +on_any_device));
  library.impl(name, torch::dispatch(c10::DispatchKey::Autograd, +with_gradients));
}

} // namespace nflow::operators

#endif
