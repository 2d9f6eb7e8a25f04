#ifndef NFLOW_SIMULATION_STATE_H
#define NFLOW_SIMULATION_STATE_H

#include "lammps/atoms_platform.h"
#include "lammps/group_positions.h"
#include "lammps/local_atoms.h"
#include "lammps/potential_energy.h"

#include <memory>
#include <vector>

namespace LAMMPS_NS {

/// Everything of a simulation that PotentialEnergy::evaluate() somewhere else changes, so that the
/// run goes on as if it had not happened, to the last bit: positions, images and forces of all
/// atoms, their order, the neighbor lists (which are those of an earlier step), and what was
/// tallied. Positions stay in the memory of the platform. Every function is collective in the
/// partition.
class SimulationState : protected Pointers {
 public:
  SimulationState(LAMMPS *lmp, Platform &platform);

  /// To be called in init(). Throws nflow::Error.
  void init();
  /// Remembers the present state. `lists`: where the neighbor lists were built.
  void save(const class FixNflowLists &lists);
  /// Brings the atoms back to where they were at save(), with lists as they were then. Throws
  /// nflow::Error.
  void restore_atoms();
  /// The potential energy of the present positions, with the present lists; leaves forces, tallies
  /// and computes as they were at save().
  double energy();

 private:
  void send_home();
  void restore_order();
  std::vector<int> places_of_saved_order() const;

  nflow::Arrays &arrays_;
  std::unique_ptr<GroupPositions> all_;
  PotentialEnergy energy_;
  std::unique_ptr<LocalAtoms> atoms_;
  nflow::Buffer<tagint> ids_, ids_now_; // of this rank's atoms, in their order
  nflow::Buffer<imageint> images_;
  nflow::Buffer<double> x_, f_;
  nflow::Buffer<double> home_; // of all atoms [n, 3]: where the lists were built
  int ago_ = 0;
  bigint ncalls_ = 0, ndanger_ = 0, lastcall_ = 0;
  bigint tallied_at_ = -1, invoked_ = -1; // of the potential energy
  double scalar_ = 0.0;
};

} // namespace LAMMPS_NS

#endif
