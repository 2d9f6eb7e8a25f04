#ifndef NFLOW_TRAINER_TRAINING_SPLINE_START_H
#define NFLOW_TRAINER_TRAINING_SPLINE_START_H

#include "trainer/command/train_options.h"
#include "trainer/data/thermal_data.h"
#include "trainer/energies/energy_source.h"

#include <string>

namespace nflow::trainer {

/// Fills options.flow.start for the flow `spline` from the training samples of both sides (of the
/// prior alone where the target has none). Coordinates are shifted from the mean of the prior's
/// samples to that of the target's, passive ones scaled by sqrt(T1/T0), which is exact in a
/// harmonic potential, active ones by the ratio of the standard deviations; splines reach over all
/// samples, or --bound to either side of their middle. Active are those of --active, or those with
///     std(dw/dx_i) std(x_i) > 0.05
/// under plain scaling x -> centre + sqrt(T1/T0) (x - origin), with w its work over up to 500
/// samples of the prior. Throws Error where a coordinate does not vary.
void complete_spline_start(TrainOptions &options, EnergySource &source,
                           const std::vector<ThermalSamples> &data);

/// "x1 y1 z2": coordinates i = atom * dim + component, atoms counted from 1 in the order of IDs.
std::string coordinate_names(const std::vector<int64_t> &coordinates, int64_t dim);

} // namespace nflow::trainer

#endif
