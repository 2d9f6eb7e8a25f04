#ifndef NFLOW_FLOW_FLOW_H
#define NFLOW_FLOW_FLOW_H

#include <cstdint>

namespace nflow {

/// k_B T in energy units of both sides of a flow. A gaussian prior is called with both equal.
struct Temperatures {
  // Not explicit: where there is one temperature, it is that of both sides.
  Temperatures(double both) : prior(both), target(both) {}
  Temperatures(double prior_side, double target_side) : prior(prior_side), target(target_side) {}
  bool operator==(const Temperatures &other) const {
    return prior == other.prior && target == other.target;
  }

  double prior, target;
};

/// An invertible map between the prior's space and the target's, as the moves see it. A point is
/// [S, n, d] doubles: coordinates and, for S = 2, auxiliary momenta of the same shape. Points and
/// masks are in the memory of an Arrays that the flow and its users share, log_det on the host.
class Flow {
 public:
  virtual ~Flow() = default;
  /// v = f(u) for `batch` points; log_det[b] = ln|det dv/du|.
  virtual void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
                       double *log_det) = 0;
  /// u = f^-1(v); log_det[b] = ln|det du/dv|.
  virtual void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
                       double *log_det) = 0;

  /// Whether the flow can also map some atoms in the presence of the others.
  virtual bool has_masked() const { return false; }
  /// The same for the atoms with mask [batch, n] = 1; the others come back as they are, and log_det
  /// is of the mobile ones only. Throws Error unless has_masked().
  virtual void forward_masked(int64_t batch, const double *u, const Temperatures &tau,
                              const uint8_t *mask, double *v, double *log_det);
  virtual void inverse_masked(int64_t batch, const double *v, const Temperatures &tau,
                              const uint8_t *mask, double *u, double *log_det);
};

} // namespace nflow

#endif
