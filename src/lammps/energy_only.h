#ifndef NFLOW_LAMMPS_ENERGY_ONLY_H
#define NFLOW_LAMMPS_ENERGY_ONLY_H

namespace LAMMPS_NS {

/// A fix whose energy counts and that can find it without forces, for a proposal that may be
/// rejected.
class EnergyOnly {
 public:
  virtual ~EnergyOnly() = default;
  /// In place of Fix::post_force(): afterwards compute_scalar() is the energy of the present
  /// positions. Forces are not touched.
  virtual void find_energy() = 0;
};

} // namespace LAMMPS_NS

#endif
