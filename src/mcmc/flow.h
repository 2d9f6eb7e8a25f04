#ifndef NFLOW_MCMC_FLOW_H
#define NFLOW_MCMC_FLOW_H

#include <cstdint>

namespace nflow::mcmc {

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

/// The potential energy as a function of the coordinates, in whatever holds them. All addresses are
/// in the memory of an Arrays that the target and its users share.
class Target {
 public:
  virtual ~Target() = default;
  /// U(x) of [n, d] coordinates; +inf where the configuration is impossible, NaN where U is not
  /// defined.
  virtual double energy(const double *x) = 0;
  /// The same with the forces [n, d] -dU/dx, which mean nothing where U is not finite. Throws Error
  /// where a target knows no forces.
  virtual double energy_and_forces(const double *x, double *forces);
  /// 1/m of each coordinate [n, d], such that m v^2 / 2 is an energy and dv/dt = f/m. Throws Error
  /// where a target knows no masses.
  virtual const double *inverse_masses();
  /// A decision that all who share this target must take alike: that of the first of them. Each has
  /// made it from sums of its own, which unequal GPUs may round in their own ways.
  virtual int64_t agree(int64_t decision) { return decision; }
};

} // namespace nflow::mcmc

#endif
