#ifndef NFLOW_TRAINER_CONFIGURATIONAL_TEMPERATURE_H
#define NFLOW_TRAINER_CONFIGURATIONAL_TEMPERATURE_H

#include "estimators/autocorrelation.h"
#include "trainer/dump_reader.h"
#include "trainer/energy_source.h"
#include "trainer/parallel.h"

namespace nflow::trainer {

/// k_B T (energy units) at which configurations were sampled, as the forces tell it: < |F|^2 > / <
/// laplacian U >, from up to 200 frames, the laplacian from central differences of the forces along
/// a random direction. Every rank takes a share and all have the result; call on all ranks. An
/// error that is not finite: the samples cannot tell (fewer than 20, or no positive laplacian).
estimators::Estimate configurational_tau(const Samples &samples, EnergySource &source,
                                         const Parallel &parallel);

/// Throws Error if a configurational temperature says, by more than 10 percent and 5 standard
/// errors, that samples are not of k_B T = `tau`. `temperature` and `where` are for the sentence.
void require_temperature(const estimators::Estimate &measured, double tau, double temperature,
                         const std::string &where);

} // namespace nflow::trainer

#endif
