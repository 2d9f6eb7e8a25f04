#ifndef NFLOW_TRAINER_ENERGIES_PAIR_LAW_H
#define NFLOW_TRAINER_ENERGIES_PAIR_LAW_H

// Internal to this folder: needs LAMMPS headers.

#include "lammps/group_positions.h"
#include "trainer/energies/lammps_session.h"

#include <memory>
#include <vector>

namespace nflow::trainer {

/// The pair style as a function of types and distance, and what follows from it: the energy of
/// overlapping atoms continued linearly from the distance where a pair reaches a cap.
class PairLaw {
 public:
  /// Null where single pairs do not make up the energy: bonds, charges, many-body or hybrid
  /// styles, styles without single(), or a sum of pairs (over the configuration that LAMMPS has,
  /// whose energy was just computed) that differs from LAMMPS's pair energy.
  static std::unique_ptr<PairLaw> make(LammpsSession &session,
                                       LAMMPS_NS::GroupPositions &positions);

  /// Energy and radial force -dV/dr at distance r; +inf and 0 where the style has no value.
  void operator()(int type_a, int type_b, double r, double &energy, double &force) const;

  /// Sets the energy (same units as LAMMPS) above which pairs are continued.
  void set_cap(double cap);
  /// Adds what the continuation changes to energy and forces [n, dim] (or null) of the positions
  /// LAMMPS has, whose neighbour list must be up to date. False, with nothing added, if the
  /// contribution to be taken out is not finite or so large that digits would be lost.
  bool correct(int dim, double &energy, double *forces);
  /// Adds the sum over all pairs, continued where needed.
  void add_sum(int dim, double &energy, double *forces) const;

 private:
  struct Wall { // where the continuation starts
    double distance = 0.0, energy = 0.0, force = 0.0;
  };
  struct Change {
    int i, j;
    double energy, force_over_r;
  };

  PairLaw(LammpsSession &session, LAMMPS_NS::GroupPositions &positions);
  double sum_of_pairs(double &magnitude) const;
  Wall find_wall(int type_a, int type_b, double cap) const;
  const Wall &wall(int type_a, int type_b) const { return walls_[type_a * stride_ + type_b]; }
  template <class OnPair>
  void for_pairs(const OnPair &on_pair) const;
  void add_force(int dim, int i, int j, double force_over_r, double *forces) const;

  LammpsSession &session_;
  LAMMPS_NS::GroupPositions &positions_;
  int stride_; // types + 1
  double cap_ = 0.0;
  std::vector<Wall> walls_; // [type, type] of the present cap
  std::vector<Change> close_;
  double widest_square_ = 0.0; // of the distances of all walls
};

} // namespace nflow::trainer

#endif
