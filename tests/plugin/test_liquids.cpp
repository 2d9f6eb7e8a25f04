// The liquids of potentials/ and examples/: the KA2D table as LAMMPS evaluates it, and example
// inputs that start.

#include "reference/ka2d.h"
#include "support/run_lammps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace {

using namespace nflow;
using reference::Ka2dPair;
using reference::PairTerm;

const std::string source = NFLOW_SOURCE_DIR;
const std::string potentials = " -var nflow_potentials " + source + "/potentials";

std::string three_types() {
  return "units lj\ndimension 2\nregion b block -5 5 -5 5 -0.5 0.5\ncreate_box 3 b\n"
         "create_atoms 1 single 0 0 0\nmass * 1\n";
}

/// Energy and force of one pair as LAMMPS evaluates them, from pair_write.
struct Row {
  double r, energy, force;
};
std::vector<Row> rows_of(const std::string &file) {
  std::vector<Row> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    Row row;
    int index = 0;
    if (std::sscanf(line.c_str(), "%d %lf %lf %lf", &index, &row.r, &row.energy, &row.force) == 4)
      rows.push_back(row);
  }
  return rows;
}

/// What 1e-8 is relative to: the value itself, but near the zeros of energy and force (below 1.5
/// sigma) a tenth of epsilon and half of epsilon/sigma, and beyond, where both go to zero at the
/// cutoff, 1e-7.
void expect_closed_form(const Ka2dPair &pair, const Row &row) {
  const PairTerm exact = pair.exact(row.r);
  const bool near = row.r < 1.5 * pair.sigma;
  const double energy_unit = pair.epsilon, force_unit = pair.epsilon / pair.sigma;
  EXPECT_NEAR(row.energy, exact.energy,
              1e-8 * std::max(std::fabs(exact.energy), (near ? 0.1 : 1e-7) * energy_unit))
      << pair.name << " at " << row.r;
  EXPECT_NEAR(row.force, exact.force,
              1e-8 * std::max(std::fabs(exact.force), (near ? 0.5 : 1e-7) * force_unit))
      << pair.name << " at " << row.r;
}

TEST(Ka2dTable, LammpsGivesTheClosedForm) {
  std::ostringstream script;
  script << three_types() << "include " << source << "/potentials/ka2d.inc\n";
  script.precision(15);
  for (const Ka2dPair &p : reference::ka2d_pairs()) {
    std::remove((std::string("pair_") + p.name).c_str());
    std::remove((std::string("core_") + p.name).c_str());
    script << "pair_write " << p.first << ' ' << p.second << " 20011 r " << 0.6 * p.sigma << ' '
           << p.cutoff() * (1.0 - 1e-9) << " pair_" << p.name << ' ' << p.name << '\n';
    script << "pair_write " << p.first << ' ' << p.second << " 5003 r 2e-6 " << 0.6 * p.sigma
           << " core_" << p.name << ' ' << p.name << '\n';
  }
  script << "run 0\n";
  const auto run = tests::run_lammps(script.str(), 1, potentials);
  ASSERT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.output.find("inconsistent"), std::string::npos) << run.output;
  for (const Ka2dPair &pair : reference::ka2d_pairs()) {
    const auto rows = rows_of(std::string("pair_") + pair.name);
    ASSERT_EQ(rows.size(), 20011u);
    for (const Row &row : rows) expect_closed_form(pair, row);
    // Below: finite, repulsive, without a dip.
    const auto core = rows_of(std::string("core_") + pair.name);
    ASSERT_EQ(core.size(), 5003u);
    for (const Row &row : core) {
      const PairTerm exact = pair.tabulated(row.r);
      ASSERT_NEAR(row.energy, exact.energy, 1e-3 * exact.energy) << pair.name << " at " << row.r;
      ASSERT_GT(row.force, 0.0) << pair.name << " at " << row.r;
    }
  }
}

struct Atom {
  int type;
  double x, y, fx, fy;
};

/// The total energy and the forces of a whole configuration, through Pair::compute.
TEST(Ka2dTable, AConfigurationHasTheSumOfItsPairs) {
  const auto run = tests::run_lammps(
      "include " + source +
          "/examples/ka2d/in.system\nthermo_style custom step pe\nthermo_modify norm no\n"
          "dump d all custom 1 forces.txt id type x y fx fy\n"
          "dump_modify d sort id format float %.17g\nrun 0\n"
          "variable u equal c_thermo_pe\nvariable l equal lx\n"
          "print \"VALUE energy $(v_u:%.17g)\"\nprint \"VALUE length $(v_l:%.17g)\"\n"
          "print \"VALUE each $(v_energy:%.17g)\"\n",
      1, potentials + " -var folder " + source + "/examples/ka2d");
  ASSERT_EQ(run.status, 0) << run.output;
  const auto values = run.values();
  const double length = values.at("length");
  EXPECT_NEAR(length, std::sqrt(43.0 / 1.1920748), 1e-12);
  std::vector<Atom> atoms;
  std::ifstream in("forces.txt");
  for (std::string line; std::getline(in, line);) {
    Atom a;
    int id = 0;
    if (std::sscanf(line.c_str(), "%d %d %lf %lf %lf %lf", &id, &a.type, &a.x, &a.y, &a.fx,
                    &a.fy) == 6)
      atoms.push_back(a);
  }
  ASSERT_EQ(atoms.size(), 43u);
  double energy = 0.0, squared_difference = 0.0, squared_force = 0.0;
  std::vector<double> force(86, 0.0);
  for (size_t i = 0; i < 43; i++)
    for (size_t j = i + 1; j < 43; j++) {
      const int low = std::min(atoms[i].type, atoms[j].type),
                high = std::max(atoms[i].type, atoms[j].type);
      for (const Ka2dPair &pair : reference::ka2d_pairs()) {
        if (pair.first != low || pair.second != high) continue;
        const double dx = std::remainder(atoms[i].x - atoms[j].x, length);
        const double dy = std::remainder(atoms[i].y - atoms[j].y, length);
        const double r = std::hypot(dx, dy);
        const PairTerm term = pair.exact(r);
        energy += term.energy;
        force[2 * i] += term.force * dx / r;
        force[2 * j] -= term.force * dx / r;
        force[2 * i + 1] += term.force * dy / r;
        force[2 * j + 1] -= term.force * dy / r;
      }
    }
  for (size_t i = 0; i < 43; i++) {
    squared_difference += std::pow(force[2 * i] - atoms[i].fx, 2);
    squared_difference += std::pow(force[2 * i + 1] - atoms[i].fy, 2);
    squared_force += std::pow(atoms[i].fx, 2) + std::pow(atoms[i].fy, 2);
  }
  EXPECT_NEAR(values.at("energy"), energy, 1e-8 * std::fabs(energy));
  EXPECT_NEAR(values.at("each"), energy / 43.0, 1e-8 * std::fabs(energy));
  EXPECT_LT(std::sqrt(squared_difference / squared_force), 1e-8);
}

TEST(Ka2dTable, TheIncludeIsFoundFromTheRootAndFromAnywhere) {
  const auto root = tests::run_lammps(three_types() + "shell cd " + source +
                                      "\ninclude potentials/ka2d.inc\nrun 0\n");
  EXPECT_EQ(root.status, 0) << root.output;
  const std::string include = "include " + source + "/potentials/ka2d.inc\nrun 0\n";
  const auto variable = tests::run_lammps(three_types() + "variable nflow_potentials string " +
                                          source + "/potentials\n" + include);
  EXPECT_EQ(variable.status, 0) << variable.output;
  const auto missing = tests::run_lammps(three_types() + include);
  EXPECT_NE(missing.status, 0);
}

struct Example {
  const char *folder, *input, *options;
};

class Examples : public ::testing::TestWithParam<Example> {};

TEST_P(Examples, Starts) {
  const Example &example = GetParam();
  const std::string folder = source + "/examples/" + example.folder;
  const bool only_system = std::string(example.input) == "in.system";
  const auto run = tests::run_lammps(
      "include " + folder + "/" + example.input + (only_system ? "\nrun 0\n" : "\n"), 1,
      potentials + " -var folder " + folder + " " + example.options);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.output.find("inconsistent"), std::string::npos) << run.output;
  ASSERT_FALSE(run.thermo.empty());
  for (const double value : run.thermo.back()) EXPECT_TRUE(std::isfinite(value));
}

constexpr const char *short_cooling =
    "-var hot 100 -var cool 100 -var hold 100 -var output started.data";
INSTANTIATE_TEST_SUITE_P(
    All, Examples,
    ::testing::Values(
        Example{"ka2d", "in.system", ""}, Example{"ka2d", "in.equilibrate", short_cooling},
        Example{"ka2d", "in.equilibrate",
                "-var N 1290 -var hot 10 -var cool 10 -var hold 10 -var output big.data"},
        Example{"ka2d", "in.md", "-var settle 100 -var steps 1000 -var output a.dump.gz"},
        Example{"ka2d", "in.reference", "-var settle 100 -var steps 100"},
        Example{"ka2d", "in.reference", "-var settle 100 -var steps 100 -var swaps 10"},
        Example{"lj108", "in.system", ""}, Example{"lj108", "in.equilibrate", short_cooling},
        Example{"lj108", "in.md", "-var settle 100 -var steps 1000 -var output b.dump.gz"}));

} // namespace
