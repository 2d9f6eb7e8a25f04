#include "architectures/flow_options.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace nflow {

namespace {

void require(bool good, const std::string &sentence) {
  if (!good) throw Error(sentence);
}

void check_kick_drift_options(const FlowOptions &o) {
  const auto species = species_of(o.types);
  const auto count = static_cast<size_t>(1 + *std::max_element(species.begin(), species.end()));
  require(o.dim >= 2, "kick-drift moves 2 or 3 components of each atom");
  require(o.layers >= 1, "kick-drift needs at least 1 layer: raise --layers");
  require(o.spline_size >= 1, "a spline needs at least 1 coefficient: raise --spline-size");
  require(o.timestep >= 0.0 && o.timestep <= 0.1, "--timestep must be positive, and at most 0.1");
  require(o.cutoff > 0.8, "--cutoff must be above 0.8 sigma");
  require(o.sigma.size() == count * count && o.epsilon.size() == count * count,
          "kick-drift needs sigma and epsilon of every pair of species");
  for (const auto *values : {&o.sigma, &o.epsilon})
    for (const double value : *values)
      require(value > 0.0 && std::isfinite(value), "sigma and epsilon must be positive");
  const double reach = o.cutoff * *std::max_element(o.sigma.begin(), o.sigma.end());
  const double half = 0.5 * *std::min_element(o.box.begin(), o.box.end());
  require(reach <= half * (1.0 + 1e-6), "the cutoff of the kicks, " + std::to_string(reach) +
                                            ", is beyond half the box, " + std::to_string(half) +
                                            ": lower --cutoff, or take a larger box");
}

void check_torus_spline_options(const FlowOptions &o) {
  require(o.dim >= 2, "torus-spline maps one component given the others, so it needs atoms that "
                      "move in 2 or 3 components");
  require(o.bins >= 2, "a spline needs at least 2 bins: raise --bins");
  require(o.hidden % torus_heads == 0, "--hidden of torus-spline is shared by " +
                                           std::to_string(torus_heads) +
                                           " heads: give a multiple of that");
  require(o.tau_pairs.size() == 1, "torus-spline serves one pair of temperatures: give one pair, "
                                   "or use kick-drift for a ladder");
}

void check_spline_options(const FlowOptions &o) {
  const auto &start = o.start;
  const auto size = static_cast<size_t>(o.n_atoms * o.dim);
  require(o.bins >= 2, "a spline needs at least 2 bins: raise --bins");
  require(o.box.empty(), "spline is for open systems: use torus-spline or kick-drift in a periodic "
                         "box");
  require(o.tau_pairs.size() == 1,
          "spline serves one pair of temperatures: give one pair, and a model for each pair");
  for (const auto *values : {&start.origin, &start.centre, &start.unit, &start.scale, &start.pace})
    require(values->size() == size,
            "spline needs origin, centre, unit, scale and pace of all coordinates");
  for (const auto *values : {&start.unit, &start.scale, &start.pace, &start.bound})
    for (const double value : *values)
      require(value > 0.0 && std::isfinite(value),
              "units, scales, paces and bounds of spline must be positive numbers");
  for (size_t i = 0; i < start.active.size(); i++)
    require(start.active[i] >= 0 && start.active[i] < static_cast<int64_t>(size) &&
                (i == 0 || start.active[i - 1] < start.active[i]),
            "--active must list different coordinates from 1 to " + std::to_string(size) +
                ", in ascending order");
  require(start.middle.size() == start.active.size() && start.bound.size() == start.active.size(),
          "spline needs a middle and a bound of every active coordinate");
}

void check_thermal_options(const FlowOptions &o) {
  const auto types = static_cast<int64_t>(o.types.size());
  require((types == o.n_atoms || (types == 0 && !is_periodic(o))) && !o.tau_pairs.empty(),
          "a flow between temperatures needs the types of all atoms and a pair of temperatures");
  require(!is_periodic(o) || static_cast<int64_t>(o.box.size()) == o.dim,
          "architecture " + o.architecture +
              " needs a periodic box: use 'boundary p p p' in LAMMPS, or spline for open systems");
  for (const double length : o.box)
    require(length > 0.0 && std::isfinite(length), "the lengths of the box must be positive");
  for (const auto &pair : o.tau_pairs) {
    require(pair.first > 0.0 && pair.second > 0.0, "temperatures must be positive");
    require(pair.first != pair.second,
            "the two temperatures of a flow must differ: give T0 and T1 that are not equal");
  }
  if (o.architecture == "kick-drift")
    check_kick_drift_options(o);
  else if (o.architecture == "spline")
    check_spline_options(o);
  else
    check_torus_spline_options(o);
}

} // namespace

void check_flow_options(const FlowOptions &o) {
  require(o.architecture == "tsf" || o.architecture == "rnvp" || is_thermal(o),
          "architecture '" + o.architecture +
              "' is not known: use tsf or rnvp, or between two temperatures kick-drift, "
              "torus-spline or spline");
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
  if (is_thermal(o)) check_thermal_options(o);
}

bool is_thermal(const FlowOptions &o) {
  return is_periodic(o) || o.architecture == "spline";
}

bool is_periodic(const FlowOptions &o) {
  return o.architecture == "kick-drift" || o.architecture == "torus-spline";
}

std::vector<int64_t> species_of(const std::vector<int> &types) {
  const std::set<int> occurring(types.begin(), types.end());
  std::vector<int64_t> species;
  for (const int type : types)
    species.push_back(std::distance(occurring.begin(), occurring.find(type)));
  return species;
}

int64_t default_hidden(const FlowOptions &o) {
  if (o.architecture == "spline") return 24;
  return o.architecture == "torus-spline" || o.n_atoms * o.dim <= 8 ? 32 : 64;
}

} // namespace nflow
