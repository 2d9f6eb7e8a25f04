#ifndef NFLOW_TRAINER_RUN_H
#define NFLOW_TRAINER_RUN_H

#include "trainer/parallel.h"
#include "trainer/train_options.h"

namespace nflow::trainer {

/// Reads data and energy, trains, and writes the best model. Returns the exit code: 0, or 3 where a
/// signal or --stop-at ended it early with a checkpoint. Throws Error on all ranks alike.
int run(TrainOptions options, const Parallel &parallel);

} // namespace nflow::trainer

#endif
