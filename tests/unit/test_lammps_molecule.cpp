// The molecule in a LAMMPS of the trainer: each bond once, types and masses in the order of the
// IDs, whatever the styles; and where none can be had.

#include "lammps_case.h"
#include "trainer/energies/lammps_system.h"

#include <sstream>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;
using tests::write_script;
using trainer::LammpsSystem;

/// A branched chain, 11-3-7-5 with 2 on 3, and a dimer 1-9, in any order; an open box.
std::string write_molecule(const std::string &style) {
  std::ostringstream data;
  data << "two molecules\n\n7 atoms\n5 bonds\n3 atom types\n2 bond types\n"
          "-20 20 xlo xhi\n-20 20 ylo yhi\n-20 20 zlo zhi\n\n"
          "Masses\n\n1 12.0\n2 1.5\n3 16.0\n\nAtoms\n\n";
  const int atoms[][3] = {{11, 1, 1}, {3, 1, 3}, {7, 1, 1}, {5, 1, 2},
                          {2, 1, 2},  {1, 2, 1}, {9, 2, 1}};
  int at = 0;
  for (const auto &[id, molecule, type] : atoms) {
    data << id << ' ' << molecule << ' ' << type << (style == "full" ? " 0.1 " : " ")
         << 1.1 * at - 3.0 << ' ' << 0.6 * (at % 2) << ' ' << 0.2 * at * (at % 3) << '\n';
    at++;
  }
  data << "\nBonds\n\n1 1 11 3\n2 2 7 3\n3 1 5 7\n4 2 3 2\n5 1 9 1\n";
  const std::string name = "molecule." + style + ".data";
  std::ofstream(name) << data.str();
  return name;
}

std::string script(const std::string &style, const std::string &newton,
                   const std::string &more = "") {
  return "units real\nboundary f f f\n" + newton + "\natom_style " + style +
         "\natom_modify map array\nread_data " + write_molecule(style) +
         "\npair_style lj/cut 8.0\npair_coeff * * 0.1 2.0\nbond_style harmonic\n"
         "bond_coeff * 100.0 1.2\n" +
         more;
}

const std::vector<int64_t> group{2, 3, 5, 7, 11};

TEST(LammpsMolecule, HasEachBondOnceInTheOrderOfTheIds) {
  using Bonds = std::vector<std::pair<int64_t, int64_t>>;
  for (const std::string style : {"bond", "molecular", "full"})
    for (const std::string newton : {"newton on", "newton off", "newton on off"}) {
      const LammpsSystem lammps(write_script("in.molecule", script(style, newton)), {});
      const Molecule molecule = lammps.molecule(group);
      EXPECT_EQ(molecule.ids, group);
      EXPECT_EQ(molecule.types, (std::vector<int>{2, 3, 2, 1, 1}));
      EXPECT_EQ(molecule.masses, (std::vector<double>{1.5, 16.0, 1.5, 12.0, 12.0}));
      EXPECT_EQ(molecule.bonds, (Bonds{{0, 1}, {1, 3}, {1, 4}, {2, 3}})) << style << newton;
      const auto tree = molecule_tree(molecule);
      EXPECT_EQ(tree[0].atom, 1) << "atom 3 has the most neighbours";
      EXPECT_EQ(lammps.molecule({1, 9}).bonds, (Bonds{{0, 1}}));
    }
}

TEST(LammpsMolecule, BondsThatAreTurnedOffAreNone) {
  const LammpsSystem lammps(
      write_script("in.off", script("molecular", "", "delete_bonds all bond 2 any\n")), {});
  EXPECT_EQ(lammps.molecule(group).bonds.size(), 2u);
}

TEST(LammpsMolecule, WhatIsNoMoleculeGetsASentence) {
  const LammpsSystem lammps(write_script("in.molecule", script("molecular", "")), {});
  const auto said = [&](const std::vector<int64_t> &ids) {
    return refusal([&] { lammps.molecule(ids); });
  };
  expect_sentence(said({3, 5, 7, 11}), "the bond of atoms 2 and 3 has one atom in the group");
  expect_sentence(said({2, 3, 4, 5, 7, 11}), "has no atom 4");
  const auto all = lammps.molecule(lammps.ids());
  expect_sentence(refusal([&] { molecule_tree(all); }), "no bonds connect atoms 1 and 2");
  const LammpsSystem atomic(write_script("in.fluid", tests::fluid_script()), {});
  expect_sentence(refusal([&] { atomic.molecule({1, 2, 3}); }), "an atom_style without bonds");
}

TEST(LammpsMolecule, ConstrainedAtomsGetASentence) {
  const auto file =
      write_script("in.rattle", "plugin load " NFLOW_OTHER_STYLES "\n" +
                                    script("molecular", "", "fix r all rattle/other\n"));
  expect_sentence(refusal([&] { LammpsSystem(file, {}); }), "fix shake and fix rattle hold bonds");
}

TEST(LammpsMolecule, TemplatesGetASentence) {
  std::ofstream("dimer.txt") << "dimer\n\n2 atoms\n1 bonds\n\nCoords\n\n1 0 0 0\n2 1.2 0 0\n\n"
                                "Types\n\n1 1\n2 1\n\nBonds\n\n1 1 1 2\n\n"
                                "Special Bond Counts\n\n1 1 0 0\n2 1 0 0\n\n"
                                "Special Bonds\n\n1 2\n2 1\n";
  const LammpsSystem lammps(
      write_script("in.template",
                   "units real\nboundary f f f\nmolecule dimer dimer.txt\natom_style template "
                   "dimer\natom_modify map array\nregion r block -9 9 -9 9 -9 9\n"
                   "create_box 1 r bond/types 1 extra/bond/per/atom 1 extra/special/per/atom 4\n"
                   "create_atoms 0 single 0 0 0 mol dimer 7\nmass 1 1.0\npair_style lj/cut 4.0\n"
                   "pair_coeff * * 0.1 2.0\nbond_style harmonic\nbond_coeff * 100.0 1.2\n"),
      {});
  expect_sentence(refusal([&] { lammps.molecule(lammps.ids()); }), "atom_style template");
}

} // namespace
