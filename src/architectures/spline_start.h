#ifndef NFLOW_ARCHITECTURES_SPLINE_START_H
#define NFLOW_ARCHITECTURES_SPLINE_START_H

#include "architectures/architecture.h"

namespace nflow {

/// Where the flow `spline` begins. With D = n_atoms dim, coordinate i is component i % dim of atom
/// i / dim:
///     y_i = centre_i + unit_i pace_i shift_i + scale_i exp(pace_i gain_i) (u_i - origin_i)
/// with trainable shift and gain that start at 0: a small pace makes them learn slowly. Then
/// splines on middle - bound < y < middle + bound of the active coordinates.
struct SplineStart {
  std::vector<double> origin, centre, unit, scale, pace; // [D]
  std::vector<int64_t> active;                           // ascending, may be empty
  std::vector<double> middle, bound;                     // [active]
};

/// The start that the training samples of both sides suggest (of the prior alone where the target
/// has none). Coordinates are shifted from the mean of the prior's samples to that of the
/// target's, passive ones scaled by sqrt(T1/T0), which is exact in a harmonic potential, active
/// ones by the ratio of the standard deviations; splines reach over all samples, or `bound`,
/// unless it is 0, to either side of their middle. Active are `numbers` (from 1), or where there
/// are none those with
///     std(dw/dx_i) std(x_i) > 0.05
/// under plain scaling x -> centre + sqrt(T1/T0) (x - origin), with w its work over up to 500
/// samples of the prior. Throws Error where a coordinate does not vary.
SplineStart spline_start(const FlowSetting &setting, const std::vector<int64_t> &numbers,
                         double bound, const StartingData &data);

} // namespace nflow

#endif
