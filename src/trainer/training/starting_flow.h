#ifndef NFLOW_TRAINER_TRAINING_STARTING_FLOW_H
#define NFLOW_TRAINER_TRAINING_STARTING_FLOW_H

#include "trainer/command/train_options.h"
#include "trainer/data/thermal_data.h"
#include "trainer/objectives/thermal_objective.h"
#include "trainer/training/parallel.h"

#include <memory>

namespace nflow::trainer {

/// The flow between temperatures to start a training from: of those that the architecture has for
/// this setting (Architecture::starts) the one that does the least work on some of the training
/// samples before any training; the first unless another is better by two standard errors.
/// Collective.
std::unique_ptr<ThermalObjective> starting_flow(const TrainOptions &options,
                                                const FlowSetting &setting, EnergySource &source,
                                                const std::vector<ThermalSamples> &data,
                                                const Parallel &parallel);

} // namespace nflow::trainer

#endif
