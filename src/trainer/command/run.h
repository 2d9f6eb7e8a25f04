#ifndef NFLOW_TRAINER_COMMAND_RUN_H
#define NFLOW_TRAINER_COMMAND_RUN_H

#include "trainer/command/train_options.h"
#include "trainer/training/parallel.h"

namespace nflow::trainer {

/// Reads data and energy, trains, and writes the best model. Returns the exit code: 0, or 3 where a
/// signal or --stop-at ended it early with a checkpoint. Throws Error on all ranks alike.
int run(const TrainOptions &options, const Parallel &parallel);

} // namespace nflow::trainer

#endif
