#ifndef NFLOW_MODEL_DRAWN_SAMPLES_H
#define NFLOW_MODEL_DRAWN_SAMPLES_H

#include "model/model.h"

#include <string>

namespace nflow {

/// Writes `count` configurations of a flow with a gaussian prior at k_B T = tau to a dump: raw
/// samples, of the density of the flow and not of any potential; what they carry is that of the
/// metadata. IDs are 1 .. n. Points at which the flow is not defined are left out; returns how
/// many. Throws Error for a boltzmann prior, and where the file cannot be written.
int64_t write_drawn_samples(Model &model, double tau, int64_t count, uint32_t seed,
                            const std::string &file);

} // namespace nflow

#endif
