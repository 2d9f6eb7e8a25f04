#ifndef NFLOW_TRAINER_DATA_CONFIGURATIONAL_TEMPERATURE_H
#define NFLOW_TRAINER_DATA_CONFIGURATIONAL_TEMPERATURE_H

#include "estimators/configurational_temperature.h"
#include "files/dump_reader.h"
#include "trainer/energies/energy_source.h"
#include "trainer/training/parallel.h"

namespace nflow::trainer {

/// k_B T (energy units) at which configurations were sampled, by the forces of `source`
/// (estimators::ConfigurationalTemperature). Every rank takes a share and all have the result; call
/// on all ranks.
estimators::Estimate configurational_tau(const Samples &samples, EnergySource &source,
                                         const Parallel &parallel);

/// Throws Error if a configurational temperature says that samples are not of k_B T = `tau`.
/// `temperature` and `where` are for the sentence.
void require_temperature(const estimators::Estimate &measured, double tau, double temperature,
                         const std::string &where);

} // namespace nflow::trainer

#endif
