#ifndef NFLOW_ARCHITECTURES_FLOW_SETTING_H
#define NFLOW_ARCHITECTURES_FLOW_SETTING_H

#include "architectures/option.h"

#include <any>

namespace nflow {

/// What a flow is built from: what the user says, and what the system and the data add to it.
struct FlowSetting : FlowOptions {
  FlowSetting() = default;
  explicit FlowSetting(FlowOptions options) : FlowOptions(std::move(options)) {}

  int64_t n_atoms = 0;
  int64_t dim = 0;
  std::vector<int> types;  // LAMMPS types in atom-ID order; empty: any
  std::vector<double> box; // periodic lengths, `dim` of them; empty: an open system
  std::string units = "lj";
  // As LAMMPS has them: that of the training, or T_0, T_1 .. between whose neighbours the flow
  // goes.
  std::vector<double> temperatures{1.0};
  std::any start; // what else the architecture has learned (Architecture::learn)

  int64_t coordinates() const { return n_atoms * dim; }
  /// k_B T of temperature number i, in energy units.
  double tau(size_t i = 0) const;
  /// (k_B T0, k_B T1) of every pair of neighbours.
  std::vector<std::pair<double, double>> tau_pairs() const;
};

/// The species of every atom, 0 .. number - 1: the LAMMPS types that occur, in ascending order.
std::vector<int64_t> species_of(const std::vector<int> &types);

/// "x1 y1 z2": coordinates i = atom * dim + component, atoms counted from 1 in the order of IDs.
std::string coordinate_names(const std::vector<int64_t> &coordinates, int64_t dim);

} // namespace nflow

#endif
