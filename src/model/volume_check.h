#ifndef NFLOW_MODEL_VOLUME_CHECK_H
#define NFLOW_MODEL_VOLUME_CHECK_H

#include "model/checks.h"

namespace nflow {

/// Checks a flow whose Jacobian J would be too large to be formed, at one point u [S, n, d] of the
/// prior's side and along a direction s of it: the derivative of log_det along s against
///     tr(J^-1 dJ/ds) = E[(J^-T w) . (dJ/ds w)],  w of random signs
/// (Hutchinson), to six standard errors of the mean over random w, and the derivatives of autograd
/// against finite differences along s. Another s and other w for every `seed`. Fills `derivative`
/// and `jacobian` (relative to the length of s) of the report. Throws Error with one sentence.
void check_volume_changes(Model &model, const double *u, const Temperatures &tau, uint64_t seed,
                          FlowReport &report);

} // namespace nflow

#endif
