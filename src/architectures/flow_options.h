#ifndef NFLOW_ARCHITECTURES_FLOW_OPTIONS_H
#define NFLOW_ARCHITECTURES_FLOW_OPTIONS_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace nflow {

/// Where the flow `spline` begins. With D = n_atoms dim, coordinate i is component i % dim of atom
/// i / dim:
///     y_i = centre_i + unit_i pace_i shift_i + scale_i exp(pace_i gain_i) (u_i - origin_i)
/// with trainable shift and gain that start at 0: a small pace makes them learn slowly. Then
/// splines on middle - bound < y < middle + bound of the active coordinates.
struct SplineStart {
  std::vector<double> origin, centre, unit, scale, pace; // [D]
  std::vector<int64_t> active;                           // ascending, may be empty
  std::vector<double> middle, bound;                     // [active]
};

/// What a flow is made of. 0 in `hidden` means the default of the form (default_hidden).
struct FlowOptions {
  std::string architecture = "tsf"; // or "rnvp", "kick-drift", "torus-spline", "spline"
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

  // Of flows with a boltzmann prior (kick-drift, torus-spline, spline) only:
  std::vector<int> types;                           // LAMMPS types in atom-ID order
  std::vector<double> box;                          // periodic lengths, `dim` of them
  std::vector<std::pair<double, double>> tau_pairs; // (k_B T0, k_B T1) that the flow serves
  int layers = 8;                                   // kicks and drifts of kick-drift
  bool splines = true;                              // or only the scalars of every layer
  int spline_size = 16;                             // coefficients a species pair
  double timestep = 0.0;                            // of the untrained dynamics; 0: by layers
  double cutoff = 2.5;                              // of the kicks, in sigma of the pair
  std::vector<double> sigma, epsilon; // of the kicks, [species][species]; see species_of()
  int64_t bins = 16; // of the splines of torus-spline and spline (couplings, hidden, depth: above)
  SplineStart start; // of spline, which has no box and may have no types
};

/// Whether the flow goes between two temperatures (boltzmann prior).
bool is_thermal(const FlowOptions &options);
/// Whether it needs a periodic box.
bool is_periodic(const FlowOptions &options);

/// The species of every atom, 0 .. number - 1: the LAMMPS types that occur, in ascending order.
std::vector<int64_t> species_of(const std::vector<int> &types);

/// Throws Error where an option has a value that no flow can be built with.
void check_flow_options(const FlowOptions &options);

/// Heads of the attention of torus-spline, whose `hidden` must be a multiple of it.
constexpr int64_t torus_heads = 4;

/// Hidden units where the user gives none: 24 for spline, 32 for up to 8 coordinates and for
/// torus-spline, else 64.
int64_t default_hidden(const FlowOptions &options);

} // namespace nflow

#endif
