#ifndef NFLOW_ARCHITECTURES_KICK_DRIFT_SCALES_H
#define NFLOW_ARCHITECTURES_KICK_DRIFT_SCALES_H

#include "architectures/architecture.h"

namespace nflow {

/// sigma and epsilon of the kicks of kick-drift, [species][species]; see species_of().
struct PairScales {
  std::vector<double> sigma, epsilon;
};

/// The largest extent of a configuration along an axis over the samples; 0 without any.
double largest_extent(const FlowSetting &setting, const StartingData &data);

/// From LAMMPS's own pair energies: sigma from the distance where they turn positive and epsilon
/// from the depth of the well (for a repulsive wall: where it reaches k_B T). Where LAMMPS cannot
/// tell pairs, sigma comes from the smallest distances in the samples and epsilon is k_B T of the
/// first temperature; without samples it stays 0.
/// Of an open system nothing is known without samples. `cutoff` of the kicks, in sigma.
PairScales pair_scales(const FlowSetting &setting, double cutoff, const StartingData &data);

} // namespace nflow

#endif
