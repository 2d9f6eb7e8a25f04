#ifndef NFLOW_LAMMPS_ENERGY_ONLY_H
#define NFLOW_LAMMPS_ENERGY_ONLY_H

#include <cstdint>

namespace LAMMPS_NS {

/// A fix whose energy counts and that can find it without forces, for a proposal that may be
/// rejected.
class EnergyOnly {
 public:
  /// In place of Fix::post_force(): afterwards compute_scalar() is the energy of the present
  /// positions. Forces are not touched.
  virtual void find_energy() = 0;
  /// Whether it is a function of these atoms alone, in this order of their rows.
  virtual bool is_of(const class GroupPositions &positions) const = 0;
  /// The energies of `count` configurations x [count, n, dim] of these atoms, on every rank.
  virtual void find_energies(int64_t count, const double *x, double *energies) = 0;

 protected:
  ~EnergyOnly() = default; // nobody owns one by this class
};

} // namespace LAMMPS_NS

#endif
