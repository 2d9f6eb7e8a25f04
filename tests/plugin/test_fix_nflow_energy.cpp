// fix nflow/energy: energies against closed forms, forces against finite differences, the same on
// any ranks.

#include "base/random.h"
#include "reference/energy_file.h"
#include "reference/multi_well.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace {

using namespace nflow;

/// Atoms on a line, moved in x only, with `file` as their potential.
std::string line_of_atoms(const std::vector<double> &x, const std::string &file) {
  std::ostringstream script;
  script.precision(17);
  script << "units lj\natom_modify map array\nboundary f f f\nregion r block -50 50 -1 1 -1 "
            "1\ncreate_box 1 r\n"
            "lattice none 1.0\n";
  for (const double value : x) script << "create_atoms 1 single " << value << " 0 0\n";
  script << "mass 1 1.0\npair_style none\ncomm_modify cutoff 2.0\nfix e all nflow/energy " << file
         << "\nfix_modify e energy yes\nthermo_style custom step pe f_e\n"
            "thermo_modify norm no format float %20.15g\n";
  return script.str();
}

std::vector<double> random_numbers(int64_t count, uint32_t seed) {
  std::vector<double> x(count);
  RandomStream(seed, 0, 0, Purpose::sample).fill_gaussian(x.data(), count);
  return x;
}

TEST(FixNflowEnergy, DoubleWell64EqualsTheClosedForm) {
  reference::write_double_well64_file("dw64.pt");
  for (uint32_t seed = 1; seed <= 3; seed++) {
    const auto x = random_numbers(64, seed);
    const auto run = tests::run_lammps(line_of_atoms(x, "dw64.pt") + "run 0\n");
    ASSERT_EQ(run.status, 0) << run.output;
    const double exact = reference::double_well64_energy(x.data());
    EXPECT_NEAR(run.thermo.at(0).at(1), exact, 1e-10 * std::fabs(exact));
    EXPECT_EQ(run.thermo.at(0).at(1), run.thermo.at(0).at(2));
  }
}

TEST(FixNflowEnergy, ForcesAreMinusTheGradient) {
  const auto system = reference::random_multi_well(5, 7);
  reference::write_multi_well_file(system, {}, "mw5.pt");
  const auto x = random_numbers(5, 4);
  std::ostringstream script;
  script << line_of_atoms(x, "mw5.pt") << "run 0\n";
  const double h = 1e-5;
  for (int i = 1; i <= 5; i++)
    script << "group one id " << i << "\nvariable f" << i << " equal fx[" << i << "]\nrun 0\n"
           << "print \"VALUE f" << i << " $(v_f" << i << ":%20.15g)\"\n"
           << "displace_atoms one move " << h << " 0 0\nrun 0\nprint \"VALUE p" << i
           << " $(pe:%20.15g)\"\n"
           << "displace_atoms one move " << -2 * h << " 0 0\nrun 0\nprint \"VALUE m" << i
           << " $(pe:%20.15g)\"\n"
           << "displace_atoms one move " << h << " 0 0\ngroup one delete\n";
  for (const int ranks : {1, 3}) {
    const auto run = tests::run_lammps(script.str(), ranks);
    ASSERT_EQ(run.status, 0) << run.output;
    const auto values = run.values();
    for (int i = 1; i <= 5; i++) {
      const auto n = std::to_string(i);
      const double difference = -(values.at("p" + n) - values.at("m" + n)) / (2.0 * h);
      EXPECT_NEAR(values.at("f" + n), difference, 1e-5 * (1.0 + std::fabs(difference)));
    }
  }
}

TEST(FixNflowEnergy, WithoutFixModifyItIsNotCounted) {
  tests::write_harmonic_energy("harmonic.pt", 3, 1, 2.0);
  const auto run = tests::run_lammps(line_of_atoms({1.0, 2.0, 3.0}, "harmonic.pt") +
                                     "fix_modify e energy no\nrun 0\n");
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.thermo.at(0).at(1), 0.0);
  EXPECT_DOUBLE_EQ(run.thermo.at(0).at(2), 14.0);
}

TEST(FixNflowEnergy, MinimisesAndConservesEnergy) {
  tests::write_harmonic_energy("harmonic.pt", 3, 1, 2.0);
  const auto minimum = tests::run_lammps(line_of_atoms({1.0, 2.0, 3.0}, "harmonic.pt") +
                                         "minimize 0 1e-10 1000 1000\n");
  ASSERT_EQ(minimum.status, 0) << minimum.output;
  EXPECT_LT(minimum.thermo.back().at(1), 1e-12);
  const auto dynamics =
      tests::run_lammps(line_of_atoms({1.0, 2.0, 3.0}, "harmonic.pt") +
                        "thermo_style custom step etotal\nthermo_modify norm no format float "
                        "%20.15g\ntimestep 0.005\nfix n all nve\nthermo 100\nrun 2000\n");
  ASSERT_EQ(dynamics.status, 0) << dynamics.output;
  for (const auto &row : dynamics.thermo) EXPECT_NEAR(row.at(1), 14.0, 14.0 * 1e-4);
}

} // namespace
