#ifndef NFLOW_MODEL_CHECKS_H
#define NFLOW_MODEL_CHECKS_H

#include "arrays/arrays.h"
#include "model/model.h"

#include <vector>

namespace nflow {

/// Numbers a point, up to which every point that is tried is compared with its Jacobian.
constexpr int64_t all_points_limit = 256;
/// Numbers a point, above which the Jacobian is not formed (check_volume_changes then).
constexpr int64_t jacobian_limit = 512;

/// What check_flow measured: the largest deviation over all points. A value is negative where the
/// check does not apply (steerability of a model that does not claim it).
struct FlowReport {
  double round_trip = -1.0;  // |inverse(forward(u)) - u| and |forward(inverse(v)) - v|, relative to
                             // the size of the points
  double log_det_sum = -1.0; // |log_det_forward + log_det_inverse|
  double batch = -1.0;       // a point alone against the same point in a batch
  double derivative = -1.0;  // autograd Jacobian against finite differences, relative to its size
  double jacobian = -1.0;    // |log_det - ln|det autograd Jacobian||; above 512 numbers that of the
                             // derivatives of both along a direction of length 1
  double steerability = -1.0; // deviation from TSF eq. 4, see check_steerability
};

/// The largest deviations that pass, by dtype of the model.
struct FlowTolerance {
  double round_trip, log_det, derivative;
};
FlowTolerance flow_tolerance(const Metadata &metadata);

/// Throws the Error of a flow that is not what it says; `what` is its predicate.
[[noreturn]] void refuse_flow(const std::string &file, const std::string &what);

/// Largest |a - b| of `points` points [points, S, n, d] in the memory of `arrays`, relative to the
/// root mean square of b in the same slot: what the round trip is judged by. `positions`: the
/// coordinates are positions, compared modulo the box if the model is periodic, and not the latent
/// numbers of a gaussian prior. Infinite where something is not a number.
double relative_deviation(Arrays &arrays, const Metadata &metadata, bool positions, int64_t points,
                          const double *a, const double *b);

/// Checks that a flow is what the contract says at these temperatures: exact inverse, log-dets that
/// sum to zero, log-det equal to that of the autograd Jacobian (its changes along directions above
/// 512 numbers), no NaN, no dependence on the batch. A flow that lies about its log-det would bias
/// a simulation silently. `target_points` [count, S, n, d] are configurations of the target side to
/// be tried as well (may be empty); `seed` chooses the directions. Throws Error with one sentence
/// where a check fails.
FlowReport check_flow(Model &model, double tau_prior, double tau_target,
                      const std::vector<double> &target_points = {}, uint64_t seed = 1);

/// Those of the points [.., S, n, d] at which a map of the flow is defined, gives no NaN and no
/// infinity, and what it maps them to. Outside a bounded domain a simulation is rejected, which is
/// no lie.
struct WhereDefined {
  std::vector<double> points, images;
};
WhereDefined where_defined(Model &model, Model::Direction direction,
                           const std::vector<double> &points, const Temperatures &tau);

/// Checks that both maps give the same when they are called again, and for a point alone and in a
/// batch of this size. Returns the largest deviation; throws Error if it is not rounding.
double check_batch_size(Model &model, int64_t batch, const Temperatures &tau);

/// For a steerable model: ln q_tau'(v) - (tau/tau') ln q_tau(v) must be the same for all v (TSF eq.
/// 4). Returns the spread over points, relative to 1 + |ln q|; throws Error if it is not rounding.
double check_steerability(Model &model, double tau, double other_tau);

} // namespace nflow

#endif
