#ifndef NFLOW_FLOW_TARGET_H
#define NFLOW_FLOW_TARGET_H

#include <cstdint>

namespace nflow {

/// The potential energy as a function of the coordinates, in whatever holds them. All addresses are
/// in the memory of an Arrays that the target and its users share.
class Target {
 public:
  virtual ~Target() = default;
  /// U(x) of [n, d] coordinates; +inf where the configuration is impossible, NaN where U is not
  /// defined.
  virtual double energy(const double *x) = 0;
  /// Energies of these points, x + i stride, will be asked for: a target for which it is cheaper
  /// may find them at once.
  virtual void prepare(int64_t /*count*/, const double * /*x*/, int64_t /*stride*/) {}
  /// The same with the forces [n, d] -dU/dx, which mean nothing where U is not finite. Throws Error
  /// where a target knows no forces.
  virtual double energy_and_forces(const double *x, double *forces);
  /// The same of a configuration that dynamics has reached by one step from the last one: a target
  /// may keep what it knows of that one's neighbors.
  virtual double energy_and_forces_nearby(const double *x, double *forces) {
    return energy_and_forces(x, forces);
  }
  /// 1/m of each coordinate [n, d], such that m v^2 / 2 is an energy and dv/dt = f/m. Throws Error
  /// where a target knows no masses.
  virtual const double *inverse_masses();
  /// A decision that all who share this target must take alike: that of the first of them. Each has
  /// made it from sums of its own, which unequal GPUs may round in their own ways.
  virtual int64_t agree(int64_t decision) { return decision; }
};

} // namespace nflow

#endif
