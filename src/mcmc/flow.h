#ifndef NFLOW_MCMC_FLOW_H
#define NFLOW_MCMC_FLOW_H

#include <cstdint>

namespace nflow::mcmc {

/// An invertible map between the prior's space and the target's, as the moves see it. A point is
/// [S, n, d] doubles: coordinates and, for S = 2, auxiliary momenta of the same shape.
class Flow {
 public:
  virtual ~Flow() = default;
  /// v = f(u) for `batch` points; log_det[b] = ln|det dv/du|. tau = k_B T in energy units.
  virtual void forward(int64_t batch, const double *u, double tau, double *v, double *log_det) = 0;
  /// u = f^-1(v); log_det[b] = ln|det du/dv|.
  virtual void inverse(int64_t batch, const double *v, double tau, double *u, double *log_det) = 0;
};

/// The potential energy as a function of the coordinates, in whatever holds them.
class Target {
 public:
  virtual ~Target() = default;
  /// U(x) of [n, d] coordinates; +inf where the configuration is impossible, NaN where U is not
  /// defined.
  virtual double energy(const double *x) = 0;
};

} // namespace nflow::mcmc

#endif
