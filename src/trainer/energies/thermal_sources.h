#ifndef NFLOW_TRAINER_ENERGIES_THERMAL_SOURCES_H
#define NFLOW_TRAINER_ENERGIES_THERMAL_SOURCES_H

#include "trainer/command/train_options.h"
#include "trainer/data/thermal_data.h"
#include "trainer/energies/energy_source.h"
#include "trainer/training/parallel.h"

#include <vector>

namespace nflow::trainer {

/// Throws, on all ranks alike, what can be said against the flow and the system before there are
/// samples, which may take long to make.
void check_before_samples(const TrainOptions &options, EnergySource &source,
                          const Parallel &parallel);

/// The samples of every temperature of the options, from dumps or sampled by LAMMPS, compared with
/// the system, with energies from the source, cut into training and validation. Throws Error on all
/// ranks alike.
std::vector<ThermalSamples> thermal_samples(const TrainOptions &options, EnergySource &source,
                                            const Parallel &parallel);

} // namespace nflow::trainer

#endif
