#ifndef NFLOW_TRAINER_ENERGIES_OPEN_SOURCE_H
#define NFLOW_TRAINER_ENERGIES_OPEN_SOURCE_H

#include "files/dump_reader.h"
#include "trainer/command/train_options.h"
#include "trainer/energies/energy_source.h"

#include <memory>

namespace nflow::trainer {

/// Opens the energy file or runs the input script. Throws Error.
std::unique_ptr<EnergySource> open_source(const TrainOptions &options);

/// The atoms and components of `samples` in `whole`, a source of open_source() that has evaluated
/// nothing yet; what they leave out stays where the input script puts it. Throws Error where they
/// are not of this system.
std::unique_ptr<EnergySource> part_of_source(std::unique_ptr<EnergySource> whole,
                                             const Samples &samples);

} // namespace nflow::trainer

#endif
