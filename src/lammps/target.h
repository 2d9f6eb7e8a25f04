#ifndef NFLOW_LAMMPS_TARGET_H
#define NFLOW_LAMMPS_TARGET_H

#include "flow/target.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

/// The energy of a configuration of the group as the moves see it: puts the atoms there and asks
/// LAMMPS. Addresses are in the memory of the positions. Every function is collective.
class LammpsTarget : public nflow::Target, protected Pointers {
 public:
  LammpsTarget(LAMMPS *lmp, GroupPositions &positions, PotentialEnergy &energy, int dim)
      : Pointers(lmp), positions_(positions), energy_(energy), dim_(dim),
        inverse_masses_(positions.arrays()) {}
  // In some versions of LAMMPS that of Pointers may throw, which Target does not allow.
  ~LammpsTarget() noexcept override {}

  /// Takes the masses of the atoms, which may have changed between runs.
  void init();
  double energy(const double *x) override;
  void prepare(int64_t count, const double *x, int64_t stride) override;
  double energy_and_forces(const double *x, double *forces) override;
  double energy_and_forces_nearby(const double *x, double *forces) override;
  /// Of mass times mvv2e, with which m v^2 / 2 is an energy.
  const double *inverse_masses() override { return inverse_masses_.data(); }
  /// The same for the host.
  const std::vector<double> &host_inverse_masses() const { return host_inverse_masses_; }
  /// On the host, sums are the same on all ranks to the last bit: nothing need be said.
  int64_t agree(int64_t decision) override;

 private:
  /// Energies that were found together. They are known by the address of their configuration, and
  /// used while it is the same to the bit.
  struct Prepared {
    const double *first = nullptr; // configuration i is at first + i stride
    int64_t stride = 0;
    std::vector<double> x, energies; // [count, n, d], [count]
  };

  double with_forces(const double *x, bool nearby, double *forces);
  const double *prepared_energy(const double *x) const;

  GroupPositions &positions_;
  PotentialEnergy &energy_;
  int dim_;
  std::vector<double> host_inverse_masses_;
  nflow::Buffer<double> inverse_masses_;
  std::vector<Prepared> prepared_; // by first
};

} // namespace LAMMPS_NS

#endif
