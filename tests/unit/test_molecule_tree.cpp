// The tree of internal coordinates of a molecule: which torsions are free, in which order, of which
// symmetry; that the operators take it; and which molecules have none.
#include "architectures/molecule_tree.h"
#include "base/random.h"
#include "operators/internal_coordinates.h"
#include "support/refusal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;
using Bonds = std::vector<std::pair<int64_t, int64_t>>;

/// Atoms with IDs from `first_id`, bonds by these IDs.
Molecule molecule_of(std::vector<int> types, Bonds bonds, int64_t first_id = 1) {
  Molecule molecule;
  for (size_t i = 0; i < types.size(); i++)
    molecule.ids.push_back(first_id + static_cast<int64_t>(i));
  molecule.types = std::move(types);
  for (const auto &[a, b] : bonds) molecule.bonds.emplace_back(a - first_id, b - first_id);
  return molecule;
}

/// Alanine dipeptide, ff99SB-ILDN's types.
Molecule dipeptide() {
  return molecule_of({1, 2, 1, 1, 3, 4, 5, 6, 2, 7, 2, 1, 1, 1, 3, 4, 5, 6, 2, 7, 7, 7},
                     {{1, 2},   {2, 3},   {2, 4},   {2, 5},   {5, 6},   {5, 7},   {7, 8},
                      {7, 9},   {9, 10},  {9, 11},  {11, 12}, {11, 13}, {11, 14}, {9, 15},
                      {15, 16}, {15, 17}, {17, 18}, {17, 19}, {19, 20}, {19, 21}, {19, 22}});
}

Molecule chain(int64_t n, int64_t first_id = 1) {
  Bonds bonds;
  for (int64_t i = 1; i < n; i++) bonds.emplace_back(first_id + i - 1, first_id + i);
  return molecule_of(std::vector<int>(n, 1), bonds, first_id);
}

/// A centre with four methyl groups.
Molecule neopentane() {
  Bonds bonds;
  std::vector<int> types{1, 1, 1, 1, 1};
  for (int64_t c = 2; c <= 5; c++) {
    bonds.emplace_back(1, c);
    for (int64_t h = 0; h < 3; h++) bonds.emplace_back(c, 6 + 3 * (c - 2) + h);
  }
  types.resize(17, 2);
  return molecule_of(types, bonds);
}

int count(const std::vector<TreeRow> &tree, TorsionKind kind, int symmetry = 0) {
  int rows = 0;
  for (const auto &row : tree)
    rows += row.kind == kind && (symmetry == 0 || row.symmetry == symmetry) ? 1 : 0;
  return rows;
}

/// Internal coordinates as of a molecule, at random.
std::vector<double> coordinates(int64_t n, uint32_t seed) {
  RandomStream random(seed, 0, 0, Purpose::sample);
  std::vector<double> z;
  for (int64_t k = 0; k < n; k++)
    for (const double middle : {1.3, 1.9, 0.0})
      z.push_back(middle + (middle == 0.0 ? 6.2 : 0.3) * (random.uniform() - 0.5));
  return z;
}

/// That the operator takes the tree, and comes back; that references are bonds of the molecule;
/// that every bond with neighbours on both ends has one free torsion.
void expect_good(const Molecule &molecule) {
  const auto tree = molecule_tree(molecule);
  const auto numbers = tree_numbers(tree);
  const int64_t n = molecule.size();
  ASSERT_EQ(operators::wrong_with_tree(numbers.data(), n), "");
  std::set<std::pair<int64_t, int64_t>> bonds;
  std::vector<int> neighbours(n, 0);
  for (const auto &[a, b] : molecule.bonds) {
    bonds.insert({a, b});
    bonds.insert({b, a});
    neighbours[a]++;
    neighbours[b]++;
  }
  std::set<std::pair<int64_t, int64_t>> turned;
  for (size_t k = 1; k < tree.size(); k++) {
    const auto &row = tree[k];
    EXPECT_EQ(bonds.count({row.atom, row.bond}), 1u);
    EXPECT_EQ(bonds.count({row.bond, row.angle}), k >= 2 ? 1u : 0u);
    EXPECT_EQ(row.kind == TorsionKind::frame, k < 3);
    if (k < 3) continue;
    // A torsion, or one relative to a sibling.
    EXPECT_EQ(bonds.count({row.torsion, row.kind == TorsionKind::free ? row.angle : row.bond}), 1u);
    if (row.kind != TorsionKind::free) continue;
    EXPECT_EQ(row.axis, std::pair(row.angle, row.bond));
    EXPECT_TRUE(turned.insert(std::minmax(row.bond, row.angle)).second);
  }
  size_t rotatable = 0;
  for (const auto &[a, b] : molecule.bonds) rotatable += neighbours[a] > 1 && neighbours[b] > 1;
  EXPECT_EQ(turned.size(), rotatable);
  const operators::InternalCoordinates map(numbers.data(), n);
  const auto z = coordinates(n, 3);
  std::vector<double> x(3 * n), back(3 * n);
  const double there = map.place(z.data(), x.data());
  EXPECT_NEAR(map.measure(x.data(), back.data()), -there, 1e-10);
  for (int64_t i = 0; i < 3 * n; i++) EXPECT_NEAR(back[i], z[i], 1e-10);
}

TEST(MoleculeTree, ThePeptidesBackboneIsAmongItsFreeTorsions) {
  const auto molecule = dipeptide();
  expect_good(molecule);
  const auto tree = molecule_tree(molecule);
  EXPECT_EQ(molecule.ids[tree[0].atom], 9) << "CA is in the middle";
  EXPECT_EQ(count(tree, TorsionKind::frame), 3);
  EXPECT_EQ(count(tree, TorsionKind::free), 7);
  EXPECT_EQ(count(tree, TorsionKind::free, 3), 3) << "methyl groups";
  EXPECT_EQ(count(tree, TorsionKind::relative), 12);
  std::map<std::pair<int64_t, int64_t>, const TreeRow *> by_axis; // IDs
  for (const auto &row : tree)
    if (row.kind == TorsionKind::free)
      by_axis[std::minmax(molecule.ids[row.axis.first], molecule.ids[row.axis.second])] = &row;
  const auto expect = [&](std::array<int64_t, 4> ids, int symmetry) {
    const auto *row = by_axis[std::minmax(ids[1], ids[2])];
    ASSERT_NE(row, nullptr);
    const std::array<int64_t, 4> got{molecule.ids[row->atom], molecule.ids[row->bond],
                                     molecule.ids[row->angle], molecule.ids[row->torsion]};
    EXPECT_EQ(got, ids);
    EXPECT_EQ(row->symmetry, symmetry);
  };
  expect({5, 7, 9, 15}, 1);    // phi: C-N-CA-C
  expect({17, 15, 9, 7}, 1);   // psi: N-C-CA-N
  expect({2, 5, 7, 9}, 1);     // omega
  expect({19, 17, 15, 9}, 1);  // the other one
  expect({12, 11, 9, 7}, 3);   // CB
  expect({1, 2, 5, 7}, 3);     // ACE
  expect({20, 19, 17, 15}, 3); // NME
}

TEST(MoleculeTree, ChiralityIsTheSignOfASibling) {
  const auto molecule = dipeptide();
  const auto tree = molecule_tree(molecule);
  const auto numbers = tree_numbers(tree);
  const operators::InternalCoordinates map(numbers.data(), molecule.size());
  const auto z = coordinates(molecule.size(), 5);
  std::vector<double> x(z.size()), other(z.size());
  map.place(z.data(), x.data());
  for (size_t i = 0; i < x.size(); i += 3) x[i] = -x[i];
  map.measure(x.data(), other.data());
  int centres = 0;
  for (size_t k = 3; k < tree.size(); k++) {
    EXPECT_NEAR(other[3 * k + 2], -z[3 * k + 2], 1e-10);
    EXPECT_NEAR(other[3 * k], z[3 * k], 1e-10);
    if (molecule.ids[tree[k].atom] != 11) continue; // CB, about CA
    EXPECT_EQ(tree[k].kind, TorsionKind::relative);
    EXPECT_GT(std::fabs(z[3 * k + 2]), 0.01);
    centres++;
  }
  EXPECT_EQ(centres, 1);
}

TEST(MoleculeTree, ChainsAndBranchesHaveOneFreeTorsionABond) {
  const auto decane = molecule_tree(chain(10));
  EXPECT_EQ(count(decane, TorsionKind::free, 1), 7);
  EXPECT_EQ(count(decane, TorsionKind::relative), 0);
  const auto butane = molecule_tree(chain(4, 101));
  EXPECT_EQ(count(butane, TorsionKind::free, 1), 1);
  const auto branched = molecule_tree(neopentane());
  EXPECT_EQ(branched[0].atom, 0);
  EXPECT_EQ(count(branched, TorsionKind::free, 3), 4);
  EXPECT_EQ(count(branched, TorsionKind::free), 4);
  EXPECT_EQ(count(branched, TorsionKind::relative), 10);
  const auto water = molecule_tree(molecule_of({1, 2, 2}, {{1, 2}, {3, 1}}));
  EXPECT_EQ(water[0].atom, 0);
  EXPECT_EQ(count(water, TorsionKind::frame), 3);
  for (const auto &molecule :
       {chain(3), chain(4), chain(5), chain(10), chain(201), neopentane(), dipeptide()})
    expect_good(molecule);
}

TEST(MoleculeTree, RandomTreesAreTaken) {
  for (uint32_t seed = 1; seed <= 50; seed++) {
    RandomStream random(seed, 1, 0, Purpose::sample);
    const auto n = 3 + static_cast<int64_t>(random.uniform() * 30);
    Bonds bonds;
    for (int64_t atom = 1; atom < n; atom++)
      bonds.emplace_back(atom, static_cast<int64_t>(random.uniform() * static_cast<double>(atom)));
    expect_good(molecule_of(std::vector<int>(n, 1), bonds, 0));
  }
}

TEST(MoleculeTree, ARotorHasThreeEqualLeaves) {
  const auto symmetry = [](std::vector<int> types, Bonds bonds) {
    const auto tree = molecule_tree(molecule_of(std::move(types), std::move(bonds)));
    for (const auto &row : tree)
      if (row.kind == TorsionKind::free) return row.symmetry;
    return 0;
  };
  const Bonds methanol{{1, 2}, {1, 3}, {1, 4}, {1, 5}, {5, 6}};
  EXPECT_EQ(symmetry({1, 2, 2, 2, 3, 4}, methanol), 3) << "whichever end is in the middle";
  EXPECT_EQ(symmetry({1, 2, 2, 5, 3, 4}, methanol), 1) << "deuterated";
  EXPECT_EQ(symmetry({1, 2, 2, 3, 4}, {{1, 2}, {1, 3}, {1, 4}, {4, 5}}), 1) << "two leaves";
  EXPECT_EQ(symmetry({1, 1, 1, 1}, {{1, 2}, {2, 3}, {3, 4}}), 1) << "butane, united atoms";
}

TEST(MoleculeTree, WhatHasNoTreeGetsASentence) {
  const auto said = [](const Molecule &molecule) {
    return refusal([&] { molecule_tree(molecule); });
  };
  auto ring = chain(6, 11);
  ring.bonds.emplace_back(5, 1);
  expect_sentence(said(ring), "the bond of atoms 16 and 12 closes a ring");
  auto twice = chain(4);
  twice.bonds.emplace_back(1, 0);
  expect_sentence(said(twice), "closes a ring");
  auto two = chain(6, 11);
  two.bonds.erase(two.bonds.begin() + 2);
  expect_sentence(said(two), "no bonds connect atoms 11 and 14");
  expect_sentence(said(chain(2)), "this one has 2");
  expect_sentence(said(chain(1)), "this one has 1");
  expect_sentence(said(Molecule()), "this one has 0");
  auto self = chain(4);
  self.bonds[1] = {2, 2};
  expect_sentence(said(self), "atom 3 has a bond to itself");
  auto outside = chain(4);
  outside.bonds[1] = {2, 4};
  expect_sentence(said(outside), "a bond leads to no atom of the molecule");
}

TEST(MoleculeTree, StraightAnglesGetASentence) {
  const auto molecule = chain(4, 11);
  const auto tree = molecule_tree(molecule);
  // Two configurations, in the second of which the last angle is so many degrees.
  const auto said = [&](double last) {
    const double a = last * M_PI / 180.0;
    const std::vector<double> x{
        0.0,         1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.3,
        1.0,         0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0 - std::cos(a),
        std::sin(a), 0.0};
    return refusal([&] { require_bent_angles(tree, molecule, 2, x.data()); });
  };
  EXPECT_EQ(said(177.0), "");
  EXPECT_EQ(said(3.0), "");
  expect_sentence(said(178.5), "the angle of atoms 14, 13 and 12 is 178.5 degrees in sample 2, ");
  expect_sentence(said(1.5), "is 1.5 degrees in sample 2");
  expect_sentence(said(0.0), "is 0 degrees in sample 2");
}

} // namespace
