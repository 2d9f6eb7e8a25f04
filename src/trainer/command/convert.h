#ifndef NFLOW_TRAINER_COMMAND_CONVERT_H
#define NFLOW_TRAINER_COMMAND_CONVERT_H

#include "trainer/command/train_options.h"

namespace nflow::trainer {

/// Writes the flow of the model file `options.convert`, one of nflow-train's, anew to
/// `options.output`: with the operators of today, or with --portable without them. Weights and maps
/// stay what they are, which is checked. Throws Error.
void convert(const TrainOptions &options);

} // namespace nflow::trainer

#endif
