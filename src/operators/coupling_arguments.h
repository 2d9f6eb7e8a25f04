#ifndef NFLOW_OPERATORS_COUPLING_ARGUMENTS_H
#define NFLOW_OPERATORS_COUPLING_ARGUMENTS_H

#include "operators/coupling_form.h"

#include <torch/types.h>

#include <string>
#include <tuple>
#include <vector>

namespace nflow::operators {

/// The arguments of nflow::coupling_flow but for the points (docs/flows.md), on any device.
struct CouplingArguments {
  torch::Tensor weights;    // in the order of CouplingLayout
  torch::Tensor log_volume; // float64 []: ln|det| of what is not in the couplings
  torch::Tensor places;     // int64, of CouplingLayout::places()
  CouplingForm form;        // but for the width, which is that of the points
  bool inverse;

  /// Throws for a kind or an activation that there is none of.
  static CouplingForm form_of(const std::string &kind, const std::string &activation, int64_t mixed,
                              int64_t units, int64_t bins, std::vector<int64_t> hidden,
                              std::vector<int64_t> sizes);
  /// Takes the width from the points, and checks the form. Throws.
  void take_width(const torch::Tensor &points);
  /// Checks the tensors, and makes them contiguous. Throws.
  void prepare(const torch::Tensor &points, const CouplingLayout &layout);
};

/// nflow::coupling_flow by LibTorch's own operations, for devices for which there is no other
/// version: (points, log_det) as the operator. Differentiable by autograd.
std::tuple<torch::Tensor, torch::Tensor> coupling_flow_of_tensors(CouplingArguments arguments,
                                                                  const torch::Tensor &points);

} // namespace nflow::operators

#endif
