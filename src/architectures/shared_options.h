#ifndef NFLOW_ARCHITECTURES_SHARED_OPTIONS_H
#define NFLOW_ARCHITECTURES_SHARED_OPTIONS_H

#include "architectures/option.h"

// Options that several architectures have.
namespace nflow::options {

inline const Option<bool> structured(
    "structured", true,
    "--plain: multilayer perceptrons instead of linear mixing with per-coordinate networks",
    "plain");
// At equal time these many reach a lower KL than 8 (docs/nflow-train.md).
inline const Option<int64_t> couplings("couplings", 12, "number of couplings");
inline const Option<int64_t> hidden("hidden", 0,
                                    "units of a hidden layer (0: 32 for up to 8 coordinates, "
                                    "else 64)");
inline const Option<int64_t> depth("depth", 2, "hidden layers of the plain form");
inline const Option<int64_t>
    units_per_coordinate("units-per-coordinate", 12,
                         "units of each per-coordinate network of the structured form");
inline const Option<std::string> activation("activation", "tanh", "tanh, silu or relu");
inline const Option<double> length("length", 1.0,
                                   "scale of the coordinates where no data give one");
inline const Option<bool>
    by_operator("operator", true,
                "--portable: plain TorchScript, many times slower, for programs without "
                "lammps-nflow's operators",
                "portable");
inline const Option<int64_t> bins("bins", 16, "bins of the splines of torus-spline and spline");

/// `hidden`, or the default of the form where it is 0.
inline int64_t hidden_or(const FlowOptions &options, int64_t standard) {
  return hidden(options) == 0 ? standard : hidden(options);
}

/// The operators of a flow of couplings.
inline std::vector<std::string> coupling_operators(const FlowOptions &options) {
  if (!by_operator(options)) return {};
  return {"coupling_flow"};
}

/// Throws Error where one of them has a value that no flow can be built with.
void check_shared(const FlowOptions &options);

} // namespace nflow::options

#endif
