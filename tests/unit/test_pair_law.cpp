// Single pairs of LAMMPS's pair styles, and energies continued linearly inside overlaps.

#include "lammps_case.h"
#include "trainer/energies/lammps_system.h"

#include <cmath>
#include <sstream>

namespace {

using namespace nflow;
using tests::shaken;
using tests::write_script;
using trainer::LammpsSystem;

/// Two atoms, or three in a row, in a large periodic box; the last is put at distance r.
std::string few_atoms(const std::string &pair, const std::string &more = "") {
  return "units lj\natom_modify map array\nregion r block 0 20 0 20 0 20\ncreate_box 2 r\n"
         "create_atoms 1 single 1 1 1\ncreate_atoms 2 single 2.2 1 1\nmass * 1\n" +
         pair + more;
}

const std::string lj = "pair_style lj/cut 2.5\npair_coeff * * 1.0 1.0\npair_coeff 1 2 1.5 0.8\n";

double lj_energy(double r) {
  const double s6 = std::pow(0.8 / r, 6);
  return 4.0 * 1.5 * (s6 * s6 - s6);
}

double lj_force(double r) {
  const double s6 = std::pow(0.8 / r, 6);
  return 24.0 * 1.5 * (2.0 * s6 * s6 - s6) / r;
}

/// Where lj_energy() is the cap.
double lj_wall(double cap) {
  double inside = 0.3, outside = 0.9;
  for (int i = 0; i < 100; i++) {
    const double middle = 0.5 * (inside + outside);
    (lj_energy(middle) >= cap ? inside : outside) = middle;
  }
  return outside;
}

/// A table of 1/r^12 from 0.7 to 2.0: inside, LAMMPS stops.
std::string table_pair() {
  std::ofstream file("twelve.table");
  file.precision(17);
  file << "# 1/r^12\n\nTWELVE\nN 500 R 0.7 2.0\n\n";
  for (int i = 0; i < 500; i++) {
    const double r = 0.7 + 1.3 * i / 499.0;
    file << i + 1 << ' ' << r << ' ' << std::pow(r, -12) << ' ' << 12.0 * std::pow(r, -13) << '\n';
  }
  return "pair_style table linear 2000\npair_coeff * * twelve.table TWELVE\n";
}

struct Linearised {
  double energy = 0.0, force = 0.0; // on the second atom, along x
};

Linearised at_distance(LammpsSystem &lammps, double cap, double r) {
  auto x = lammps.positions();
  for (int k = 0; k < 3; k++) x[3 + k] = x[k];
  x[3] += r;
  std::vector<double> forces(x.size());
  Linearised result;
  lammps.evaluate_linearised(cap, 1, x.data(), &result.energy, forces.data());
  result.force = forces[3];
  EXPECT_NEAR(forces[0], -forces[3], 1e-9 * (1.0 + std::fabs(forces[3])));
  return result;
}

TEST(PairLaw, IsThatOfTheStyle) {
  LammpsSystem lammps(write_script("in.two", few_atoms(lj)), {});
  ASSERT_TRUE(lammps.has_pair_law());
  for (const double r : {0.7, 0.9, 1.3, 2.4}) {
    double energy = 0.0, force = 0.0;
    lammps.pair_law(1, 2, r, energy, force);
    EXPECT_NEAR(energy, lj_energy(r), 1e-12 * (1.0 + std::fabs(energy)));
    EXPECT_NEAR(force, lj_force(r), 1e-12 * (1.0 + std::fabs(force)));
  }
  double energy = 1.0, force = 1.0;
  lammps.pair_law(2, 1, 2.6, energy, force);
  EXPECT_EQ(energy, 0.0);
  EXPECT_EQ(force, 0.0);
}

TEST(PairLaw, IsRefusedWherePairsAreNotAll) {
  const auto has = [](const std::string &script) {
    return LammpsSystem(write_script("in.law", script), {}).has_pair_law();
  };
  EXPECT_TRUE(has(few_atoms(lj)));
  EXPECT_TRUE(has("newton off\n" + few_atoms(lj)));
  EXPECT_FALSE(has(few_atoms("pair_style hybrid lj/cut 2.5\npair_coeff * * lj/cut 1 1\n")));
  LammpsSystem none(write_script("in.none", few_atoms("pair_style none\ncomm_modify cutoff 2\n")),
                    {});
  double energy = 0.0, force = 0.0;
  EXPECT_NE(tests::refusal([&] { none.pair_law(1, 1, 1.0, energy, force); }), "");
  // Without it the linearised energy is the plain one.
  const auto x = none.positions();
  none.evaluate_linearised(10.0, 1, x.data(), &energy, nullptr);
  EXPECT_EQ(energy, 0.0);
}

TEST(Linearised, EqualsThePlainEnergyOutside) {
  LammpsSystem lammps(write_script("in.fluid", tests::fluid_script()), {});
  ASSERT_TRUE(lammps.has_pair_law());
  const auto x = shaken(lammps.positions(), 0.02, 1);
  std::vector<double> plain(x.size()), linear(x.size());
  double first = 0.0, second = 0.0;
  lammps.evaluate(1, x.data(), &first, plain.data());
  lammps.evaluate_linearised(1e6, 1, x.data(), &second, linear.data());
  EXPECT_EQ(first, second);
  EXPECT_EQ(plain, linear);
}

TEST(Linearised, ValueAndSlopeAreContinuousAndThenConstant) {
  LammpsSystem lammps(write_script("in.two", few_atoms(lj)), {});
  const double cap = 50.0;
  const double wall = lj_wall(cap), slope = lj_force(wall);
  const auto before = at_distance(lammps, cap, wall * (1.0 - 1e-9));
  const auto after = at_distance(lammps, cap, wall * (1.0 + 1e-9));
  EXPECT_NEAR(before.energy, cap, 1e-5);
  EXPECT_NEAR(after.energy, cap, 1e-5);
  EXPECT_NEAR(before.force, slope, 1e-5 * slope);
  EXPECT_NEAR(after.force, slope, 1e-5 * slope);
  // 0.3 is taken out of LAMMPS's energy; at the others nothing of it could be used.
  for (const double r : {0.3, 0.05, 1e-3, 1e-30}) {
    const auto deep = at_distance(lammps, cap, r);
    EXPECT_NEAR(deep.energy, cap + slope * (wall - r), 1e-7 * deep.energy) << r;
    EXPECT_NEAR(deep.force, r > 1e-10 ? slope : 0.0, 1e-7 * slope) << r;
  }
  EXPECT_TRUE(std::isfinite(at_distance(lammps, cap, 0.0).force));
  // Another cap after this one.
  EXPECT_GT(at_distance(lammps, 5000.0, 0.3).energy, 5000.0);
}

TEST(Linearised, GradientOfManyOverlaps) {
  for (const std::string newton : {"newton on\n", "newton off\n"}) {
    LammpsSystem lammps(write_script("in.fluid", newton + tests::fluid_script()), {});
    ASSERT_TRUE(lammps.has_pair_law());
    const auto x = shaken(lammps.positions(), 0.4, 7);
    std::vector<double> forces(x.size());
    double energy = 0.0, plain = 0.0;
    lammps.evaluate(1, x.data(), &plain, nullptr);
    lammps.evaluate_linearised(20.0, 1, x.data(), &energy, forces.data());
    EXPECT_GT(plain, 10.0 * energy); // there are overlaps
    const double h = 1e-6;
    for (size_t i = 0; i < x.size(); i++) {
      auto up = x, down = x;
      up[i] += h;
      down[i] -= h;
      double high = 0.0, low = 0.0;
      lammps.evaluate_linearised(20.0, 1, up.data(), &high, nullptr);
      lammps.evaluate_linearised(20.0, 1, down.data(), &low, nullptr);
      EXPECT_NEAR(forces[i], -(high - low) / (2.0 * h), 1e-4 * (1.0 + std::fabs(forces[i])));
    }
  }
}

TEST(Linearised, BothWaysAgreeAndKeepOtherEnergies) {
  // Springs beside the pairs: a third atom on top of the second forces the sum of single pairs.
  const std::string springs = "create_atoms 1 single 5 5 5\nfix s all spring/self 3.0\n"
                              "fix_modify s energy yes\n";
  LammpsSystem lammps(write_script("in.springs", few_atoms(lj, springs)), {});
  ASSERT_TRUE(lammps.has_pair_law());
  auto near = lammps.positions(), far = near;
  near[6] = near[3] + 0.3; // atom 3 beside atom 2: 4 (1/0.3)^12 can still be taken out
  near[7] = near[4];
  near[8] = near[5];
  far = near;
  far[6] = far[3] + 1e-4; // here it cannot
  double first = 0.0, second = 0.0;
  std::vector<double> forces(9), far_forces(9);
  lammps.evaluate_linearised(100.0, 1, near.data(), &first, forces.data());
  lammps.evaluate_linearised(100.0, 1, far.data(), &second, far_forces.data());
  // Between them: the linear pair, the springs, and the pair of atoms 1 and 3 (both of type 1).
  const auto others = [&](const std::vector<double> &x) {
    double energy = 0.0, force = 0.0, sum = 0.0;
    lammps.pair_law(1, 1, x[6] - x[0], energy, force);
    const double start[3] = {5.0, 5.0, 5.0};
    for (int k = 0; k < 3; k++) sum += 1.5 * (x[6 + k] - start[k]) * (x[6 + k] - start[k]);
    return sum + energy;
  };
  const double r_cap = lj_wall(100.0);
  EXPECT_NEAR(second - first, lj_force(r_cap) * (0.3 - 1e-4) + others(far) - others(near),
              1e-6 * second);
  EXPECT_NEAR(far_forces[6] - forces[6], -3.0 * (far[6] - near[6]), 5.0);
}

TEST(Table, InsideItsRangeOnlyTheLinearisedEnergyIsFinite) {
  LammpsSystem lammps(write_script("in.table", few_atoms(table_pair())), {});
  ASSERT_TRUE(lammps.has_pair_law());
  const auto start = lammps.positions();
  auto x = start;
  for (int k = 0; k < 3; k++) x[3 + k] = x[k];
  x[3] += 0.5;
  std::vector<double> both = x, energies(3), forces(18);
  both.insert(both.end(), start.begin(), start.end());
  both.insert(both.end(), x.begin(), x.end());
  lammps.evaluate(3, both.data(), energies.data(), forces.data());
  EXPECT_EQ(energies[0], INFINITY);
  EXPECT_EQ(energies[2], INFINITY);
  EXPECT_EQ(forces[3], 0.0);
  // LAMMPS goes on after it.
  EXPECT_NEAR(energies[1], std::pow(1.2, -12), 1e-4);
  EXPECT_NEAR(forces[9], 12.0 * std::pow(1.2, -13), 1e-3);

  const double wall = std::pow(20.0, -1.0 / 12.0), slope = 12.0 * std::pow(wall, -13);
  const auto deep = at_distance(lammps, 20.0, 0.5);
  EXPECT_NEAR(deep.energy, 20.0 + slope * (wall - 0.5), 1e-2);
  EXPECT_NEAR(deep.force, slope, 1e-2 * slope);
  // A cap that the table does not reach: from its inner end.
  const auto beyond = at_distance(lammps, 1e4, 0.5);
  const double edge = 12.0 * std::pow(0.7, -13);
  EXPECT_NEAR(beyond.energy, std::pow(0.7, -12) + edge * 0.2, 0.02 * beyond.energy);
  EXPECT_NE(tests::refusal([&] { at_distance(lammps, -1.0, 1.0); }), "");
}

} // namespace
