// LAMMPS in the trainer's process: energies and forces against those that the program lmp gives,
// forces against finite differences, other sources of energy than pairs, wrong inputs.

#include "lammps_case.h"
#include "reference/gb_obc.h"
#include "support/ala2.h"
#include "support/run_lammps.h"
#include "support/toy_models.h"
#include "trainer/energies/lammps_system.h"

#include <cmath>
#include <map>
#include <sstream>

namespace {

using namespace nflow;
using tests::refusal;
using tests::shaken;
using tests::write_script;
using trainer::LammpsSystem;

const auto *const mpi = ::testing::AddGlobalTestEnvironment(new tests::MpiEnvironment);

struct Reference {
  double energy = 0.0;
  std::vector<double> forces;
};

/// Energy and forces of the program lmp at x.
Reference reference(const std::string &script, const LammpsSystem &lammps,
                    const std::vector<double> &x) {
  const auto &system = lammps.system();
  const char axis[] = "xyz";
  std::ostringstream text;
  text.precision(17);
  text << script << "change_box all boundary p p p\n";
  for (int64_t i = 0; i < system.n_atoms; i++) {
    text << "set atom " << lammps.ids()[i];
    for (int64_t k = 0; k < system.dim; k++) text << ' ' << axis[k] << ' ' << x[i * system.dim + k];
    text << '\n';
  }
  text << "thermo_style custom step pe\nthermo_modify norm no format float %24.17g\nrun 0\n"
          "write_dump all custom reference.dump id fx fy fz modify sort id format float %24.17g\n";
  const auto run = tests::run_lammps(text.str());
  EXPECT_EQ(run.status, 0) << run.output;
  Reference result;
  result.energy = run.thermo.at(0).at(1);
  std::ifstream in("reference.dump");
  std::string line;
  while (std::getline(in, line) && line.rfind("ITEM: ATOMS", 0) != 0) continue;
  double id, f[3];
  while (in >> id >> f[0] >> f[1] >> f[2])
    result.forces.insert(result.forces.end(), f, f + system.dim);
  return result;
}

/// Compares two configurations in one call with lmp.
void expect_as_lmp(const std::string &script, double width) {
  LammpsSystem lammps(write_script("in.system", script), {});
  const auto start = lammps.positions();
  const auto n = start.size();
  std::vector<double> x = shaken(start, width, 1), second = shaken(start, width, 2), energies(2);
  x.insert(x.end(), second.begin(), second.end());
  std::vector<double> forces(x.size());
  lammps.evaluate(2, x.data(), energies.data(), forces.data());
  for (size_t c = 0; c < 2; c++) {
    const auto exact = reference(script, lammps, {x.begin() + c * n, x.begin() + (c + 1) * n});
    ASSERT_EQ(exact.forces.size(), n);
    EXPECT_NEAR(energies[c], exact.energy, 1e-12 * (1.0 + std::fabs(exact.energy)));
    double largest = 0.0;
    for (const double f : exact.forces) largest = std::max(largest, std::fabs(f));
    EXPECT_GT(largest, 0.1);
    for (size_t i = 0; i < n; i++)
      EXPECT_NEAR(forces[c * n + i], exact.forces[i], 1e-12 * (1.0 + largest));
  }
  // Without forces, and again: the same energies.
  std::vector<double> again(2);
  lammps.evaluate(2, x.data(), again.data(), nullptr);
  EXPECT_NEAR(again[0], energies[0], 1e-12 * (1.0 + std::fabs(energies[0])));
  EXPECT_NEAR(again[1], energies[1], 1e-12 * (1.0 + std::fabs(energies[1])));
}

void expect_gradient(LammpsSystem &lammps, const std::vector<double> &x, double tolerance) {
  const double h = 1e-5;
  std::vector<double> forces(x.size());
  double energy = 0.0;
  lammps.evaluate(1, x.data(), &energy, forces.data());
  for (size_t i = 0; i < x.size(); i++) {
    auto up = x, down = x;
    up[i] += h;
    down[i] -= h;
    double high = 0.0, low = 0.0;
    lammps.evaluate(1, up.data(), &high, nullptr);
    lammps.evaluate(1, down.data(), &low, nullptr);
    EXPECT_NEAR(forces[i], -(high - low) / (2.0 * h), tolerance * (1.0 + std::fabs(forces[i])));
  }
}

/// Chains of four atoms: bonds and angles in the images of a periodic box, plus lj/cut.
std::string chains_script() {
  std::ostringstream data;
  data << "chains\n\n12 atoms\n9 bonds\n6 angles\n1 atom types\n1 bond types\n1 angle types\n"
          "0 6 xlo xhi\n0 6 ylo yhi\n0 6 zlo zhi\n\nMasses\n\n1 1.0\n\nAtoms\n\n";
  for (int c = 0; c < 3; c++)
    for (int i = 0; i < 4; i++)
      data << c * 4 + i + 1 << ' ' << c + 1 << " 1 " << std::fmod(4.0 + 0.9 * i, 6.0) << ' '
           << 1.0 + 2.0 * c << ' ' << (i % 2 ? 1.4 : 1.0) << (i > 2 ? " 1 0 0\n" : " 0 0 0\n");
  data << "\nBonds\n\n";
  for (int b = 0; b < 9; b++)
    data << b + 1 << " 1 " << b / 3 * 4 + b % 3 + 1 << ' ' << b / 3 * 4 + b % 3 + 2 << '\n';
  data << "\nAngles\n\n";
  for (int a = 0; a < 6; a++)
    data << a + 1 << " 1 " << a / 2 * 4 + a % 2 + 1 << ' ' << a / 2 * 4 + a % 2 + 2 << ' '
         << a / 2 * 4 + a % 2 + 3 << '\n';
  std::ofstream("chains.data") << data.str();
  return "units lj\natom_style molecular\natom_modify map array\nread_data chains.data\n"
         "pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0\nspecial_bonds lj 0 0.5 1\n"
         "bond_style harmonic\nbond_coeff 1 30.0 1.0\n"
         "angle_style harmonic\nangle_coeff 1 3.0 110\n";
}

TEST(LammpsSystem, KnowsWhatTheScriptMade) {
  LammpsSystem lammps(write_script("in.2d", tests::liquid_script_2d()), {});
  EXPECT_EQ(lammps.system().n_atoms, 36);
  EXPECT_EQ(lammps.system().dim, 2);
  EXPECT_EQ(lammps.system().types, std::vector<int>(36, 1));
  EXPECT_EQ(lammps.system().units, "lj");
  EXPECT_EQ(lammps.system().box.at(0), 6.5);
  EXPECT_EQ(lammps.ids().front(), 1);
  EXPECT_EQ(lammps.ids().back(), 36);
  EXPECT_FALSE(lammps.version().empty());
}

TEST(LammpsSystem, PairEnergiesAreThoseOfLmp) {
  expect_as_lmp(tests::fluid_script(), 0.03);
  expect_as_lmp(tests::liquid_script_2d(), 0.03);
}

TEST(LammpsSystem, BondsAndAnglesAreThoseOfLmp) {
  expect_as_lmp(chains_script(), 0.02);
}

TEST(LammpsSystem, ForcesAreMinusTheGradient) {
  LammpsSystem fluid(write_script("in.fluid", tests::fluid_script()), {});
  expect_gradient(fluid, shaken(fluid.positions(), 0.05, 4), 1e-5);
  LammpsSystem chains(write_script("in.chains", chains_script()), {});
  expect_gradient(chains, shaken(chains.positions(), 0.05, 5), 1e-5);
}

TEST(LammpsSystem, ImagesAndAtomOrderDoNotMatter) {
  LammpsSystem lammps(write_script("in.2d", tests::liquid_script_2d()), {});
  auto x = shaken(lammps.positions(), 0.05, 6);
  std::vector<double> forces(x.size()), moved_forces(x.size());
  double energy = 0.0, moved_energy = 0.0;
  lammps.evaluate(1, x.data(), &energy, forces.data());
  for (size_t i = 0; i < x.size(); i++) x[i] += 6.5 * (static_cast<int>(i % 5) - 2);
  lammps.evaluate(1, x.data(), &moved_energy, moved_forces.data());
  EXPECT_NEAR(moved_energy, energy, 1e-9);
  for (size_t i = 0; i < x.size(); i++) EXPECT_NEAR(moved_forces[i], forces[i], 1e-9);
}

TEST(LammpsSystem, VariablesReachTheScript) {
  auto script = tests::liquid_script_2d();
  script.replace(script.find("1 1 1.0 1.0"), 11, "1 1 ${epsilon} 1.0");
  write_script("in.variable", script);
  LammpsSystem one("in.variable", {"epsilon=1.0"}), two("in.variable", {"epsilon=2.0"});
  const auto x = one.positions();
  double first = 0.0, second = 0.0;
  one.evaluate(1, x.data(), &first, nullptr);
  two.evaluate(1, x.data(), &second, nullptr);
  EXPECT_NEAR(second, 2.0 * first, 1e-12 * std::fabs(second));
}

TEST(LammpsSystem, OurOwnFixAsTheOnlyEnergy) {
  tests::write_harmonic_energy("harmonic.pt", 3, 2, 2.5);
  LammpsSystem lammps(write_script("in.fix",
                                   "plugin load " NFLOW_PLUGIN_FILE "\nunits lj\ndimension 2\n"
                                   "atom_modify map array\nboundary f f p\n"
                                   "region r block -9 9 -9 9 -0.5 0.5\ncreate_box 1 r\n"
                                   "create_atoms 1 single 1 0 0\ncreate_atoms 1 single 0 2 0\n"
                                   "create_atoms 1 single -1 -1 0\nmass 1 1\npair_style none\n"
                                   "comm_modify cutoff 2.0\nfix e all nflow/energy harmonic.pt\n"
                                   "fix_modify e energy yes\n"),
                      {});
  const auto x = shaken(lammps.positions(), 0.5, 8);
  std::vector<double> forces(x.size());
  double energy = 0.0, exact = 0.0;
  lammps.evaluate(1, x.data(), &energy, forces.data());
  for (size_t i = 0; i < x.size(); i++) {
    exact += 0.5 * 2.5 * x[i] * x[i];
    EXPECT_NEAR(forces[i], -2.5 * x[i], 1e-12 * (1.0 + std::fabs(forces[i])));
  }
  EXPECT_NEAR(energy, exact, 1e-12 * exact);
  // Where no forces are wanted, the file is asked for its energy alone.
  const auto y = shaken(lammps.positions(), 0.5, 9);
  double with_forces = 0.0;
  lammps.evaluate(1, y.data(), &energy, nullptr);
  lammps.evaluate(1, y.data(), &with_forces, forces.data());
  EXPECT_DOUBLE_EQ(energy, with_forces);
  lammps.evaluate(1, x.data(), &energy, nullptr);
  EXPECT_NEAR(energy, exact, 1e-12 * exact);
  EXPECT_FALSE(lammps.has_pair_law());
}

TEST(LammpsSystem, FixesThatHoldAtomsAreObeyed) {
  LammpsSystem lammps(write_script("in.held", tests::fluid_script() +
                                                  "group held id 1 5\n"
                                                  "fix h held setforce 0.0 NULL 0.0\n"),
                      {});
  const auto x = lammps.positions();
  std::vector<double> forces(x.size());
  double energy = 0.0;
  lammps.evaluate(1, x.data(), &energy, forces.data());
  EXPECT_EQ(forces[0], 0.0);
  EXPECT_NE(forces[1], 0.0);
  EXPECT_EQ(forces[14], 0.0);
  EXPECT_NE(forces[15], 0.0);
}

TEST(LammpsSystem, ImpossibleConfigurationsAreInfinite) {
  auto script = tests::fluid_script();
  script.insert(script.find("lattice"), "boundary p p f\n");
  script += "displace_atoms all move 0 0 0.2 units box\n"; // away from the edge
  LammpsSystem lammps(write_script("in.walls", script), {});
  const auto start = lammps.positions();
  const auto n = start.size();
  std::vector<double> x(5 * n), energies(5, 0.0), forces(5 * n, 1.0);
  for (size_t c = 0; c < 5; c++) std::copy(start.begin(), start.end(), x.begin() + c * n);
  x[2] = -0.1;                                                 // outside the fixed boundary
  x[n + 4] = NAN;                                              // no number
  x[2 * n + 1] = INFINITY;                                     // no place
  for (int k = 0; k < 3; k++) x[3 * n + 3 + k] = x[3 * n + k]; // two atoms in one place
  lammps.evaluate(5, x.data(), energies.data(), forces.data());
  for (size_t c = 0; c < 4; c++) {
    EXPECT_EQ(energies[c], INFINITY) << c;
    for (size_t i = 0; i < n; i++) EXPECT_EQ(forces[c * n + i], 0.0);
  }
  EXPECT_TRUE(std::isfinite(energies[4]));
  EXPECT_NE(forces[4 * n], 0.0);
}

TEST(LammpsSystem, WrongInputsGetASentence) {
  const auto of = [](const std::string &script, std::vector<std::string> variables = {}) {
    return refusal([&] { LammpsSystem(write_script("in.wrong", script), variables); });
  };
  const auto good = tests::fluid_script();
  const auto expect_part = [](const std::string &whole, const std::string &part) {
    EXPECT_NE(whole.find(part), std::string::npos) << whole;
  };
  EXPECT_EQ(refusal([] { LammpsSystem("no.such.file", {}); }),
            "LAMMPS input file 'no.such.file' cannot be read");
  const auto unknown = of(good + "pair_cooff 1 1\n");
  EXPECT_EQ(unknown, "LAMMPS says: Unknown command: pair_cooff 1 1 (input file 'in.wrong')");
  expect_part(of(""), "makes no simulation box");
  expect_part(of("region r block 0 1 0 1 0 1\ncreate_box 1 r\nmass 1 1\n"), "has no atoms");
  expect_part(of(good + "pair_coeff 1 3 1 1\n"), "LAMMPS says: ");
  expect_part(of(good + "run_style respa 2 2\n"), "respa");
  expect_part(of(good + "change_box all boundary p p s\n"), "shrink-wrapped");
  expect_part(of(good + "change_box all triclinic\n"), "triclinic");
  expect_part(of(good + "fix b all deform 1 x scale 1.1\n"), "changes the box");
  expect_part(of(good + "print ${missing}\n"), "LAMMPS says: ");
  expect_part(of(good, {"name"}), "name=value");
  expect_part(of("units lj\nregion r block 0 9 0 9 0 9\ncreate_box 1 r\n"
                 "create_atoms 1 single 1 1 1\npair_style lj/cut 2\npair_coeff 1 1 1 1\n"),
              "LAMMPS says: "); // no mass
  EXPECT_EQ(of(good), "");
}

TEST(LammpsSystem, SeveralLiveBesideEachOther) {
  LammpsSystem one(write_script("in.one", tests::fluid_script()), {});
  LammpsSystem two(write_script("in.two", tests::liquid_script_2d()), {});
  const auto x = one.positions(), y = two.positions();
  double first = 0.0, second = 0.0, again = 0.0;
  one.evaluate(1, x.data(), &first, nullptr);
  two.evaluate(1, y.data(), &second, nullptr);
  one.evaluate(1, x.data(), &again, nullptr);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, second);
}

/// All of alanine dipeptide, bonded terms and a fix's implicit solvent included.
TEST(LammpsSystem, AMoleculeInSolventHasTheEnergiesOfAnotherImplementation) {
  const std::string source = NFLOW_SOURCE_DIR, folder = source + "/examples/ala2";
  const tests::Ala2 wanted(source, "ff99sbildn");
  reference::write_gb_obc_file(reference::read_gb_table(wanted.table, 0.09), {}, "real", "gb.pt");
  LammpsSystem lammps(folder + "/in.system",
                      {"folder=" + folder, "gb=gb.pt", std::string("plugin=") + NFLOW_PLUGIN_FILE});
  std::vector<double> x, energies(10), forces(660);
  for (const auto &one : wanted.x) x.insert(x.end(), one.begin(), one.end());
  lammps.evaluate(10, x.data(), energies.data(), forces.data());
  for (size_t i = 0; i < 10; i++) {
    EXPECT_NEAR(energies[i], wanted.energy[i], 1e-6) << i;
    std::vector<double> gradient(forces.begin() + 66 * i, forces.begin() + 66 * (i + 1));
    for (double &g : gradient) g = -g;
    const auto energy = [&](const std::vector<double> &at) {
      double value = 0.0;
      lammps.evaluate(1, at.data(), &value, nullptr);
      return value;
    };
    tests::expect_gradient_of(energy, wanted.x[i], gradient, 3, 1e-5);
  }
}

} // namespace
