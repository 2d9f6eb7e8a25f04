#ifndef NFLOW_TRAINER_COMMAND_RUN_THERMAL_H
#define NFLOW_TRAINER_COMMAND_RUN_THERMAL_H

#include "trainer/command/train_options.h"
#include "trainer/training/parallel.h"

namespace nflow::trainer {

/// Trains a flow between temperatures against a LAMMPS in this process, one on every rank, and
/// reports what it gained over the identity and over the untrained dynamics. Returns the exit code
/// as run() does, and 4 where the model, which is written, loses a state that the samples have.
/// Throws Error on all ranks alike.
int run_thermal(const TrainOptions &options, const Parallel &parallel);

} // namespace nflow::trainer

#endif
