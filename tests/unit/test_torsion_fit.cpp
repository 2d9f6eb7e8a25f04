// The density of torsions that is made of samples: what it recovers, which torsions it pairs, the
// symmetry of rotors, and what it refuses.
#include "architectures/torsion_fit.h"

#include "support/refusal.h"
#include "torsion_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace nflow::tests;
using nflow::fit_torsions;
using nflow::TorsionFit;
using nflow::TorsionTables;
using torch::Tensor;

const Normals normal{32};
constexpr double kT0 = 0.6;

double angle(int64_t bin, int64_t bins) {
  return static_cast<double>(bin) * 2.0 * pi / static_cast<double>(bins) - pi;
}
/// Three wells, the middle one lower.
double alone(double phi) {
  return 0.8 * std::cos(3.0 * phi) - 0.5 * std::cos(phi - 0.4);
}
double coupled(double a, double b) {
  return -0.5 * std::cos(a + b) + 0.4 * std::cos(2.0 * a - b);
}

/// Torsions of a chain, each coupled to the one before; or of none.
TorsionTables known(int64_t torsions, bool chain) {
  constexpr int64_t bins = 72;
  TorsionTables tables;
  tables.forest.bins = bins;
  for (int64_t i = 0; i < torsions; i++) {
    tables.forest.parents.push_back(chain ? i - 1 : -1);
    tables.forest.cuts.push_back(0);
    for (int64_t a = 0; a < (chain && i > 0 ? bins : 1); a++)
      for (int64_t b = 0; b < bins; b++)
        tables.energies.push_back(alone(angle(b, bins)) +
                                  (chain && i > 0 ? coupled(angle(a, bins), angle(b, bins)) : 0.0));
  }
  return tables;
}
Tensor samples(const TorsionTables &tables, int64_t count, uint32_t number) {
  const Tensor u = std::sqrt(kT0) * normal({count, tables.forest.torsions()}, number);
  return Torsions(tables).forward(u, kT0).points;
}
TorsionTables fit(const Tensor &angles, const TorsionFit &options = {}) {
  const Tensor whole = angles.contiguous();
  const double *const values = whole.data_ptr<double>();
  return fit_torsions({values, values + whole.numel()}, whole.size(1), kT0, options);
}

double kullback_leibler(const TorsionTables &truth, const TorsionTables &model, double kT) {
  const Tensor all = cells(truth.forest.bins, truth.forest.torsions());
  const Tensor p = Torsions(truth).log_density(all, kT), q = Torsions(model).log_density(all, kT);
  return (torch::softmax(p, 0) * (p - q)).sum().item<double>();
}

TEST(TorsionFit, RecoversWhatItsSamplesAreOf) {
  const auto truth = known(2, true);
  const auto few = fit(samples(truth, 3000, 1)), many = fit(samples(truth, 100000, 1));
  EXPECT_EQ(many.forest.parents, (std::vector<int64_t>{-1, 0}));
  const double of_few = kullback_leibler(truth, few, kT0),
               of_many = kullback_leibler(truth, many, kT0),
               cold = kullback_leibler(truth, many, 0.5 * kT0);
  EXPECT_LT(of_many, 0.01);
  EXPECT_LT(cold, 0.03);
  EXPECT_LT(of_many, 0.3 * of_few);
  EXPECT_LT(of_few, 0.1);
  // A single torsion, of few bins.
  TorsionFit coarse;
  coarse.bins = 24;
  EXPECT_EQ(fit(samples(truth, 3000, 1).slice(1, 0, 1), coarse).energies.size(), 24u);
}

/// The order of the torsions of a chain is not that of their numbers.
TEST(TorsionFit, PairsTheNeighboursOfAChain) {
  const std::vector<int64_t> place{3, 0, 5, 1, 6, 2, 4};
  const Tensor angles =
      samples(known(7, true), 20000, 2).index_select(1, torch::tensor(place, torch::kInt64));
  const auto parents = fit(angles).forest.parents;
  int64_t edges = 0;
  for (size_t i = 0; i < parents.size(); i++) {
    if (parents[i] < 0) continue;
    edges++;
    EXPECT_EQ(std::abs(place[i] - place[parents[i]]), 1) << i;
  }
  EXPECT_EQ(edges, 6);
}

TEST(TorsionFit, PairsNoIndependentTorsions) {
  for (const int64_t count : {500, 20000})
    for (uint32_t number = 3; number < 6; number++)
      EXPECT_EQ(fit(samples(known(7, false), count, number)).forest.parents,
                std::vector<int64_t>(7, -1))
          << count;
}

/// A methyl stands for itself even where the samples would pair it, and is the same after a third
/// of a turn.
TEST(TorsionFit, KeepsTheSymmetryOfARotor) {
  const Tensor pair = samples(known(2, true), 5000, 6);
  TorsionFit options;
  options.symmetry = {1, 3};
  const auto tables = fit(pair, options);
  EXPECT_EQ(tables.forest.parents, (std::vector<int64_t>{-1, -1}));
  const auto energy = torch::tensor(tables.energies, torch::kFloat64).slice(0, 72, 144);
  EXPECT_LT(largest_difference(energy, energy.roll(24, 0)), 1e-12);
  EXPECT_GT(largest_difference(energy, energy.roll(12, 0)), 0.1);
}

TEST(TorsionFit, CutsWhereItIsEmptiest) {
  const Tensor angles = 0.3 * normal({2000, 1}, 7) - 1.0;
  const auto tables = fit(angles + 20.0 * pi); // in another period
  const double cut = angle(tables.forest.cuts[0], 72) - pi / 72.0;
  EXPECT_LT(std::cos(cut + 1.0), -0.3) << cut;
  // No bin is impossible.
  for (const double energy : tables.energies) EXPECT_LT(energy, kT0 * std::log(72.0 / 0.0099));
}

TEST(TorsionFit, WhatIsNoSampleGetsASentence) {
  const Tensor good = samples(known(2, true), 200, 8);
  const auto refused = [&](const std::function<void(Tensor &, TorsionFit &)> &change) {
    Tensor angles = good.clone();
    TorsionFit options;
    change(angles, options);
    return refusal([&] { fit(angles, options); });
  };
  EXPECT_EQ(refused([](auto &, auto &) {}), "");
  expect_sentence(refused([](auto &x, auto &) { x = x.slice(0, 0, 99); }), "99 samples");
  expect_sentence(refused([](auto &x, auto &) { x[7][1] = std::nan(""); }), "NaN");
  expect_sentence(refused([](auto &x, auto &) { x[7][1] = INFINITY; }), "infinite");
  expect_sentence(refused([](auto &, auto &o) { o.bins = 1; }), "1 bins");
  expect_sentence(refused([](auto &, auto &o) { o.symmetry = {3}; }), "symmetry numbers");
  expect_sentence(refused([](auto &, auto &o) { o.symmetry = {1, 0}; }), "symmetry 0");
  expect_sentence(refused([](auto &, auto &o) { o.symmetry = {1, 5}; }), "symmetry 5");
  expect_sentence(refused([](auto &, auto &o) { o.floor = 0.0; }), "uniform share");
  expect_sentence(refused([](auto &, auto &o) { o.width = 9.0; }), "width");
  expect_sentence(refusal([] { fit_torsions({}, 2, kT0); }), "0 samples");
  expect_sentence(refusal([] { fit_torsions({}, -1, kT0); }), "-1 torsions");
  expect_sentence(refusal([] { fit_torsions({}, 0, -1.0); }), "k_B T");
  EXPECT_TRUE(fit_torsions({}, 0, kT0).energies.empty());
}

} // namespace
