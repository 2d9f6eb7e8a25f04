#ifndef NFLOW_TEMPER_THERMOSTATS_H
#define NFLOW_TEMPER_THERMOSTATS_H

#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

/// The fixes of this partition that have a temperature: thermostats, and fix nflow/mc.
class Thermostats : protected Pointers {
 public:
  explicit Thermostats(LAMMPS *lmp) : Pointers(lmp) {}

  /// Looks for them, before each run.
  void find();
  /// Throws nflow::Error unless all have this temperature.
  void require(double temperature) const;
  /// Gives all this temperature.
  void tell(double temperature);
  /// To be called when the velocities of the atoms have changed. Fix nvt begins its next
  /// step with the kinetic energy that it found at the end of this one. It must be that of the
  /// velocities which the atoms have now, or the chain of thermostats pushes the wrong way, and
  /// everything is biased.
  void velocities_changed(class PotentialEnergy &energy) const;

 private:
  std::vector<class Fix *> all_;
  std::vector<Fix *> nose_hoover_; // of them: those that remember the kinetic energy
};

} // namespace LAMMPS_NS

#endif
