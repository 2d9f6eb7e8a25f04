#ifndef NFLOW_TESTS_KOKKOS_H
#define NFLOW_TESTS_KOKKOS_H

#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace nflow::tests {

/// The arguments that start Kokkos: "-k on", or for a Kokkos with a GPU what the environment
/// variable NFLOW_TEST_KOKKOS says, such as "-k on g 1".
const std::string with_kokkos =
    std::getenv("NFLOW_TEST_KOKKOS") ? std::getenv("NFLOW_TEST_KOKKOS") : "-k on";
const bool kokkos_on_gpu = with_kokkos.find(" g ") != std::string::npos;
/// The arguments with which LAMMPS takes the /kk variants of all styles that have one.
const std::string on_kokkos = with_kokkos + " -sf kk";

/// Whether the LAMMPS of the tests can do so.
inline bool lammps_has_kokkos() {
  static const bool has =
      run_lammps("if '$(is_active(package,kokkos))' then 'print YES_KOKKOS' else 'print NO'\n", 1,
                 with_kokkos)
          .output.find("\nYES_KOKKOS") != std::string::npos;
  return has;
}

/// The same thermo output to `tolerance`, relative and absolute.
inline void expect_equal_runs(const LammpsRun &a, const LammpsRun &b, double tolerance) {
  ASSERT_GT(a.thermo.size(), 1u);
  ASSERT_EQ(a.thermo.size(), b.thermo.size());
  for (size_t i = 0; i < a.thermo.size(); i++) {
    ASSERT_EQ(a.thermo[i].size(), b.thermo[i].size());
    for (size_t k = 0; k < a.thermo[i].size(); k++)
      ASSERT_NEAR(a.thermo[i][k], b.thermo[i][k], tolerance * (1.0 + std::fabs(a.thermo[i][k])))
          << "row " << i << " column " << k;
  }
}

} // namespace nflow::tests

#endif
