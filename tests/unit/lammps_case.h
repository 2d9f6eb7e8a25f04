#ifndef NFLOW_TESTS_LAMMPS_CASE_H
#define NFLOW_TESTS_LAMMPS_CASE_H

#include "support/gradient_checks.h"
#include "support/refusal.h"

#include <gtest/gtest.h>
#include <mpi.h>

#include <fstream>
#include <string>

namespace nflow::tests {

/// LAMMPS in the process of a test needs MPI.
class MpiEnvironment : public ::testing::Environment {
 public:
  void SetUp() override { MPI_Init(nullptr, nullptr); }
  void TearDown() override { MPI_Finalize(); }
};

inline std::string write_script(const std::string &name, const std::string &text) {
  std::ofstream(name) << text;
  return name;
}

/// A 3D fluid of 32 atoms of two types, in an orthogonal periodic box.
inline std::string fluid_script() {
  return "units lj\natom_modify map array\nlattice fcc 0.7\nregion r block 0 2 0 2 0 2\n"
         "create_box 2 r\ncreate_atoms 1 box\nset group all type/fraction 2 0.4 77\n"
         "mass 1 1.0\nmass 2 1.5\npair_style lj/cut 1.75\npair_modify shift yes\n"
         "pair_coeff 1 1 1.0 1.0\npair_coeff 1 2 1.3 0.9\npair_coeff 2 2 0.7 1.1 1.7\n"
         "displace_atoms all random 0.05 0.05 0.05 3\n";
}

/// A 2D liquid of 36 atoms, box 6.5 x 6.5.
inline std::string liquid_script_2d() {
  return "units lj\ndimension 2\natom_modify map array\nregion r block 0 6.5 0 6.5 -0.5 0.5\n"
         "create_box 1 r\nlattice sq 0.85207 origin 0.25 0.25 0\ncreate_atoms 1 box\nmass 1 1.0\n"
         "pair_style lj/cut 2.5\npair_modify shift yes\npair_coeff 1 1 1.0 1.0\n";
}

} // namespace nflow::tests

#endif
