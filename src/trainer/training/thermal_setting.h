#ifndef NFLOW_TRAINER_TRAINING_THERMAL_SETTING_H
#define NFLOW_TRAINER_TRAINING_THERMAL_SETTING_H

#include "architectures/flow_setting.h"
#include "trainer/data/thermal_data.h"
#include "trainer/energies/energy_source.h"

#include <vector>

namespace nflow::trainer {

/// What a flow between temperatures is built from: `options`, the atoms, box and units of the
/// source, and what its architecture learns from samples and energies. `data` are of each
/// temperature. Throws Error where the data do not do.
FlowSetting thermal_setting(const FlowOptions &options, const std::vector<double> &temperatures,
                            EnergySource &source, const std::vector<ThermalSamples> &data);

/// Throws Error for what is wrong with the options or the system whatever the samples are, before
/// there are any.
void check_system(const FlowOptions &options, const std::vector<double> &temperatures,
                  EnergySource &source);

} // namespace nflow::trainer

#endif
