#ifndef NFLOW_TRAINER_ENERGIES_PAIR_SCALES_H
#define NFLOW_TRAINER_ENERGIES_PAIR_SCALES_H

#include "architectures/flow_options.h"
#include "files/dump_reader.h"
#include "trainer/energies/lammps_system.h"

namespace nflow::trainer {

/// Fills sigma and epsilon of the kicks where the user gave none: from LAMMPS's own pair energies,
/// sigma from the distance where they turn positive and epsilon from the depth of the well (for a
/// repulsive wall: where it reaches k_B T). Where LAMMPS cannot tell pairs, sigma comes from the
/// smallest distances in the samples and epsilon is k_B T of the first temperature.
void complete_pair_scales(FlowOptions &flow, LammpsSystem &lammps, const Samples &samples);

} // namespace nflow::trainer

#endif
