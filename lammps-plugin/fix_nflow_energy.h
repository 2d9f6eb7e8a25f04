#ifndef LMP_FIX_NFLOW_ENERGY_H
#define LMP_FIX_NFLOW_ENERGY_H

#include "fix.h"

#include <memory>
#include <vector>

namespace LAMMPS_NS {

/// fix ID group nflow/energy file: a potential of the group's atoms from a TorchScript file.
class FixNflowEnergy : public Fix {
 public:
  FixNflowEnergy(class LAMMPS *, int, char **);
  ~FixNflowEnergy() override;
  int setmask() override;
  void init() override;
  void setup(int) override;
  void min_setup(int) override;
  void post_force(int) override;
  void post_force_respa(int, int, int) override;
  void min_post_force(int) override;
  double compute_scalar() override;

 private:
  int ilevel_respa_ = 0;
  double energy_ = 0.0;
  std::vector<double> x_, gradient_;
  std::unique_ptr<class RootEnergy> potential_;
  std::unique_ptr<class GroupConfiguration> configuration_;
};

} // namespace LAMMPS_NS

#endif
