#ifndef NFLOW_MODEL_MASKED_CHECKS_H
#define NFLOW_MODEL_MASKED_CHECKS_H

#include "model/checks.h"

namespace nflow {

/// Checks forward_masked and inverse_masked at these temperatures, with half of the atoms mobile,
/// with one and with all: frozen atoms come back unchanged to the last bit, the inverse undoes the
/// forward, log-dets sum to zero, a point is mapped the same alone and in a batch, and (for up to
/// 256 numbers) the log-det is that of the autograd Jacobian of the mobile coordinates.
/// `target_points` as in check_flow. Throws Error with one sentence; also if a method is missing.
FlowReport check_masked(Model &model, const Temperatures &tau,
                        const std::vector<double> &target_points = {});

} // namespace nflow

#endif
