#ifndef NFLOW_MODEL_EQUIVARIANCE_H
#define NFLOW_MODEL_EQUIVARIANCE_H

#include "flow/flow.h"
#include "model/model.h"

namespace nflow {

/// What permutations of the atoms within each species change beyond permuting what comes out: of
/// points, as relative_deviation() has it, and of log-dets. Species are metadata.types; without
/// them all atoms are alike.
struct Equivariance {
  double points = 0.0, log_det = 0.0;
};
Equivariance measure_equivariance(Model &model, const Temperatures &tau);

/// Whether that is rounding. Throws Error where the metadata claim what is not so.
bool is_equivariant(Model &model, const Temperatures &tau, Equivariance *measured = nullptr);

} // namespace nflow

#endif
