#ifndef NFLOW_FLOW_OPTIONS_H
#define NFLOW_FLOW_OPTIONS_H

#include <cstdint>
#include <string>

namespace nflow {

/// What a flow is made of. 0 in `hidden` means the default of the form (default_hidden).
struct FlowOptions {
  std::string architecture = "tsf"; // "tsf" or "rnvp"
  int64_t n_atoms = 0;
  int64_t dim = 0;
  int couplings = 12;     // at equal time these reach a lower KL than 8 (docs/nflow-train.md)
  bool structured = true; // linear mixing, per-coordinate and dense conditioners
  int64_t hidden = 0;     // units of a hidden layer (structured: of the dense one)
  int depth = 2;          // hidden layers of the plain form
  int64_t units_per_coordinate = 12; // of the structured form
  std::string activation = "tanh";   // "tanh", "silu" or "relu"
  std::string dtype = "float64";     // "float64" or "float32"
  uint32_t seed = 1;
  double tau = 1.0;    // k_B T of the training, in energy units
  double length = 1.0; // scale of the coordinates until initialise_from_data
};

/// Throws Error where an option has a value that no flow can be built with.
void check_flow_options(const FlowOptions &options);

/// Hidden units where the user gives none: 32 for up to 8 coordinates, else 64.
int64_t default_hidden(const FlowOptions &options);

} // namespace nflow

#endif
