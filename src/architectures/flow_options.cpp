#include "architectures/flow_options.h"

#include "nflow_error.h"

#include <cmath>

namespace nflow {

void check_flow_options(const FlowOptions &o) {
  const auto require = [](bool good, const std::string &sentence) {
    if (!good) throw Error(sentence);
  };
  require(o.architecture == "tsf" || o.architecture == "rnvp",
          "architecture '" + o.architecture + "' is not known: use tsf or rnvp");
  require(o.activation == "tanh" || o.activation == "silu" || o.activation == "relu",
          "activation '" + o.activation + "' is not known: use tanh, silu or relu");
  require(o.dtype == "float64" || o.dtype == "float32",
          "dtype '" + o.dtype + "' is not known: use float64 or float32");
  require(o.n_atoms >= 1, "a flow needs at least 1 atom: give data or --atoms");
  require(o.dim >= 1 && o.dim <= 3, "a flow moves 1, 2 or 3 components of each atom: set --dim so");
  require(o.architecture != "rnvp" || o.n_atoms * o.dim >= 2,
          "rnvp needs at least 2 coordinates to split them in halves: use tsf");
  require(o.couplings >= 1, "a flow needs at least 1 coupling: raise --couplings");
  require(o.hidden >= 0 && o.depth >= 1 && o.units_per_coordinate >= 1,
          "--hidden, --depth and --units-per-coordinate must be at least 1");
  require(o.tau > 0.0 && std::isfinite(o.tau), "the temperature must be a positive number");
  require(o.length > 0.0 && std::isfinite(o.length), "--length must be a positive number");
}

int64_t default_hidden(const FlowOptions &o) {
  return o.n_atoms * o.dim <= 8 ? 32 : 64;
}

} // namespace nflow
