#ifndef NFLOW_OPERATORS_GB_OBC_ARGUMENTS_H
#define NFLOW_OPERATORS_GB_OBC_ARGUMENTS_H

#include "operators/gb_obc.h"

#include <torch/types.h>

#include <tuple>

namespace nflow::operators {

/// The arguments of nflow::gb_obc but for the points (docs/molecules.md), float64.
struct GbObcArguments {
  torch::Tensor radius, scale, charge; // [n]
  torch::Tensor constants;             // [9], in the order of GbObcConstants
  bool with_gradient;                  // or the second tensor is an empty one

  /// Checks shapes and values, and brings the tensors to the device of the points, the constants to
  /// the host.
  void prepare(const torch::Tensor &points);
  /// Of prepared arguments.
  GbObcConstants numbers() const;

 private:
  void check_shapes(const torch::Tensor &points) const;
  void check_values() const;
};

/// The numbers as the operator takes them.
torch::Tensor tensor_of(const GbObcConstants &constants);

/// nflow::gb_obc by LibTorch's own operations on all pairs of atoms, for devices for which there is
/// no other version: (energies [B], gradients [B, n, 3] or nothing). Differentiable by the points
/// through autograd.
std::tuple<torch::Tensor, torch::Tensor> gb_obc_tensors(GbObcArguments arguments,
                                                        const torch::Tensor &points);

} // namespace nflow::operators

#endif
