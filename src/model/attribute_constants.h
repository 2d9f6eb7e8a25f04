#ifndef NFLOW_MODEL_ATTRIBUTE_CONSTANTS_H
#define NFLOW_MODEL_ATTRIBUTE_CONSTANTS_H

#include <map>
#include <string>
#include <torch/script.h>

namespace nflow {

/// Puts the tensors that a method of `module` takes from attributes into its graph, in which all
/// calls have been inlined, as constants; returns the names of the attributes by these constants.
/// LibTorch takes every attribute for one that any write may mean.
std::map<const torch::jit::Node *, std::string>
attributes_to_constants(torch::jit::Graph &graph, const torch::jit::Module &module);

/// Moves the constants of a graph, tensors and devices alike, to the device that the model runs on.
void move_constants(torch::jit::Graph &graph, const torch::Device &device);

} // namespace nflow

#endif
