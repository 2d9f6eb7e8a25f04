#ifndef LMP_FIX_NFLOW_ENERGY_H
#define LMP_FIX_NFLOW_ENERGY_H

#include "fix.h"
#include "lammps/atoms_platform.h"
#include "lammps/energy_only.h"

#include <memory>

namespace LAMMPS_NS {

/// fix ID group nflow/energy file: a potential of the group's atoms from a TorchScript file.
class FixNflowEnergy : public Fix, public EnergyOnly {
 public:
  FixNflowEnergy(class LAMMPS *, int, char **, Platform &platform = host_platform());
  ~FixNflowEnergy() override;
  int setmask() override;
  void init() override;
  void setup(int) override;
  void min_setup(int) override;
  void post_force(int) override;
  void post_force_respa(int, int, int) override;
  void min_post_force(int) override;
  double compute_scalar() override;
  void find_energy() override;
  bool is_of(const class GroupPositions &positions) const override;
  void find_energies(int64_t count, const double *x, double *energies) override;

 private:
  void tally_virial(int vflag);
  [[noreturn]] void stop(const std::string &sentence) const;

  int ilevel_respa_ = 0;
  double energy_ = 0.0;
  nflow::Buffer<double> x_, gradient_, virials_; // virials of atoms
  std::unique_ptr<class RootEnergy> potential_;
  std::unique_ptr<class GroupPositions> positions_;
};

} // namespace LAMMPS_NS

#endif
