// nflow::internal_to_cartesian and cartesian_to_internal: against the textbook's formulas in
// LibTorch's operations, whose gradients and Jacobians autograd finds; signs, batches, points where
// there are none, and what they refuse.
#include "operators/operators.h"
#include "support/flow_checks.h"
#include "support/refusal.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using nflow::tests::largest_difference;
using nflow::tests::log_det_by_autograd;
using nflow::tests::Mapped;
using torch::Tensor;

const nflow::tests::Normals normal{7};

auto operator_of(const char *name) {
  static const auto all = nflow::operator_names(); // which links them in
  return c10::Dispatcher::singleton()
      .findSchemaOrThrow(name, "")
      .typed<std::tuple<Tensor, Tensor>(const Tensor &, const Tensor &)>();
}
Mapped call(const char *name, const Tensor &points, const Tensor &tree) {
  const auto [out, log_det] = operator_of(name).call(points, tree);
  return {out, log_det};
}
Mapped place(const Tensor &z, const Tensor &tree) {
  return call("nflow::internal_to_cartesian", z, tree);
}
Mapped measure(const Tensor &x, const Tensor &tree) {
  return call("nflow::cartesian_to_internal", x, tree);
}

/// A tree of n atoms in any order, with references at random among those that are placed.
Tensor random_tree(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int64_t> atoms(n);
  for (int64_t i = 0; i < n; i++) atoms[i] = i;
  std::shuffle(atoms.begin(), atoms.end(), random);
  Tensor tree = torch::full({n, 4}, -1, torch::kInt64);
  for (int64_t k = 0; k < n; k++) {
    tree[k][0] = atoms[k];
    std::vector<int64_t> before(atoms.begin(), atoms.begin() + k);
    std::shuffle(before.begin(), before.end(), random);
    for (int64_t i = 0; i < std::min<int64_t>(k, 3); i++) tree[k][i + 1] = before[i];
  }
  return tree;
}

/// Internal coordinates [batch, n, 3] of no particular molecule.
Tensor random_coordinates(int64_t batch, int64_t n, uint32_t number) {
  const Tensor noise = torch::tanh(normal({batch, n, 3}, number));
  Tensor z = torch::stack(
      {1.3 + 0.4 * noise.select(2, 0), 1.6 + 0.7 * noise.select(2, 1), 3.1 * noise.select(2, 2)},
      2);
  z.select(1, 0) = 5.0 * noise.select(1, 0);
  return z;
}

Tensor unit(const Tensor &v) {
  return v / v.norm(2, -1, true);
}

Tensor scalar_product(const Tensor &a, const Tensor &b) {
  return (a * b).sum(-1);
}

/// e_theta of the spherical coordinates of a direction.
Tensor polar_direction(const Tensor &theta, const Tensor &phi) {
  return torch::stack({theta.cos() * phi.cos(), theta.cos() * phi.sin(), -theta.sin()}, -1);
}

/// ln|det dx/dz| by the formula.
Tensor log_volume(const Tensor &z) {
  const Tensor later = z.slice(1, 1);
  return (2.0 * later.select(2, 0).log() + later.select(2, 1).sin().log()).sum(1);
}

/// As the operator, atom by atom: the natural extension of the reference frame.
Tensor place_by_tensors(const Tensor &z, const Tensor &tree) {
  const int64_t n = z.size(1);
  std::vector<Tensor> x(n);
  const auto reference = [&](int64_t k, int i) { return tree[k][i].item<int64_t>(); };
  const Tensor polar = z.select(1, 1).select(1, 1), azimuth = z.select(1, 1).select(1, 2);
  for (int64_t k = 0; k < n; k++) {
    const Tensor own = z.select(1, k), r = own.slice(1, 0, 1), angle = own.slice(1, 1, 2),
                 torsion = own.slice(1, 2, 3);
    Tensor &to = x[reference(k, 0)];
    if (k == 0) {
      to = own;
    } else if (k == 1) {
      to = x[reference(1, 1)] +
           r * torch::stack({polar.sin() * azimuth.cos(), polar.sin() * azimuth.sin(), polar.cos()},
                            -1);
    } else {
      const Tensor b = x[reference(k, 1)], c = x[reference(k, 2)];
      const Tensor d = k == 2 ? c + polar_direction(polar, azimuth) : x[reference(k, 3)];
      const Tensor bc = unit(b - c), normal_of = unit(torch::cross(c - d, bc, -1));
      to = b +
           r * (-angle.cos() * bc + angle.sin() * torsion.cos() * torch::cross(normal_of, bc, -1) +
                angle.sin() * torsion.sin() * normal_of);
    }
  }
  return torch::stack(x, 1);
}

/// As the operator, by the formulas for distance, angle and dihedral.
Tensor measure_by_tensors(const Tensor &x, const Tensor &tree) {
  std::vector<Tensor> z;
  const auto at = [&](int64_t k, int i) { return x.select(1, tree[k][i].item<int64_t>()); };
  const Tensor second = at(1, 0) - at(1, 1);
  const Tensor polar = torch::acos(second.select(-1, 2) / second.norm(2, -1));
  const Tensor azimuth = torch::atan2(second.select(-1, 1), second.select(-1, 0));
  for (int64_t k = 0; k < x.size(1); k++) {
    if (k == 0) z.push_back(at(0, 0));
    if (k == 1) z.push_back(torch::stack({second.norm(2, -1), polar, azimuth}, -1));
    if (k < 2) continue;
    const Tensor a = at(k, 0), b = at(k, 1), c = at(k, 2);
    const Tensor d = k == 2 ? c + polar_direction(polar, azimuth) : at(k, 3);
    const Tensor b1 = b - a, b2 = c - b, b3 = d - c;
    const Tensor torsion =
        torch::atan2(b2.norm(2, -1) * scalar_product(b1, torch::cross(b2, b3, -1)),
                     scalar_product(torch::cross(b1, b2, -1), torch::cross(b2, b3, -1)));
    z.push_back(torch::stack(
        {b1.norm(2, -1), torch::acos(scalar_product(unit(-b1), unit(b2))), torsion}, -1));
  }
  return torch::stack(z, 1);
}

/// The gradient by `in` of a loss that has all numbers and the log-dets in it.
Tensor gradient(const Mapped &mapped, const Tensor &in) {
  const Tensor loss = (mapped.points * normal(mapped.points.sizes(), 90)).sum() +
                      (mapped.log_det * normal(mapped.log_det.sizes(), 91)).sum();
  return torch::autograd::grad({loss}, {in})[0];
}

void expect_close(const Tensor &got, const Tensor &wanted, double tolerance) {
  EXPECT_LT(largest_difference(got, wanted), tolerance * wanted.abs().max().item<double>());
}

class Molecules : public testing::TestWithParam<int64_t> {
 protected:
  int64_t n() const { return GetParam(); }
  Tensor tree(uint32_t seed = 0) const {
    return random_tree(n(), static_cast<uint32_t>(n()) + 100 * seed);
  }
  Tensor z(int64_t batch, uint32_t number = 1) const {
    return random_coordinates(batch, n(), number);
  }
};

TEST_P(Molecules, AreAsTheFormulasSay) {
  for (uint32_t seed = 0; seed < 5; seed++) {
    const Tensor points = z(4, seed), x = place_by_tensors(points, tree(seed));
    expect_close(place(points, tree(seed)).points, x, 1e-12);
    expect_close(measure(x, tree(seed)).points, measure_by_tensors(x, tree(seed)), 1e-9);
    expect_close(measure(x, tree(seed)).points, points, 1e-11);
  }
}

TEST_P(Molecules, LogDetsAreThoseOfTheJacobian) {
  const Tensor points = z(3), x = place_by_tensors(points, tree());
  const auto placed = place(points, tree()), measured = measure(x, tree());
  EXPECT_EQ(placed.log_det.sizes(), (std::vector<int64_t>{3}));
  for (int64_t b = 0; b < 3; b++) {
    EXPECT_NEAR(placed.log_det[b].item<double>(),
                log_det_by_autograd([&](const Tensor &in) { return place_by_tensors(in, tree()); },
                                    points.slice(0, b, b + 1)),
                1e-9);
    EXPECT_NEAR(
        measured.log_det[b].item<double>(),
        log_det_by_autograd([&](const Tensor &in) { return measure_by_tensors(in, tree()); },
                            x.slice(0, b, b + 1)),
        1e-9);
  }
}

TEST_P(Molecules, GradientsAreThoseOfAutograd) {
  for (uint32_t seed = 0; seed < 5; seed++) {
    const Tensor points = z(4, seed).set_requires_grad(true), t = tree(seed);
    expect_close(gradient(place(points, t), points),
                 gradient({place_by_tensors(points, t), log_volume(points)}, points), 1e-9);
    const Tensor x = place_by_tensors(points, t).detach().set_requires_grad(true);
    const Tensor back = measure_by_tensors(x, t);
    expect_close(gradient(measure(x, t), x), gradient({back, -log_volume(back)}, x), 1e-9);
  }
}

TEST_P(Molecules, RoundTripsLoseNothing) {
  const Tensor points = z(50), t = tree();
  const auto placed = place(points, t), back = measure(placed.points, t);
  EXPECT_LT(largest_difference(back.points, points), 1e-11);
  EXPECT_LT(largest_difference(back.log_det, -placed.log_det), 1e-12 * static_cast<double>(n()));
  EXPECT_LT(largest_difference(place(back.points, t).points, placed.points), 1e-11);
}

TEST_P(Molecules, APointIsTheSameAloneAndInABatch) {
  const Tensor points = z(7).set_requires_grad(true), t = tree();
  const auto whole = place(points, t), back = measure(whole.points, t);
  const Tensor gradients =
      torch::autograd::grad({back.points.pow(2).sum() + back.log_det.sum()}, {points}, {}, true)[0];
  for (int64_t b = 0; b < 7; b++) {
    const Tensor one = points.detach().slice(0, b, b + 1).clone().set_requires_grad(true);
    const auto alone = place(one, t), alone_back = measure(alone.points, t);
    EXPECT_TRUE(torch::equal(alone.points[0], whole.points[b]));
    EXPECT_TRUE(torch::equal(alone.log_det[0], whole.log_det[b]));
    EXPECT_TRUE(torch::equal(alone_back.points[0], back.points[b]));
    const Tensor by_one = torch::autograd::grad(
        {alone_back.points.pow(2).sum() + alone_back.log_det.sum()}, {one})[0];
    EXPECT_TRUE(torch::equal(by_one[0], gradients[b]));
  }
}

INSTANTIATE_TEST_SUITE_P(OfSizes, Molecules, testing::Values(3, 4, 6, 9, 12));

/// A centre with four neighbours, the last two relative to the second.
Tensor star() {
  return torch::tensor({0, -1, -1, -1, 1, 0, -1, -1, 2, 0, 1, -1, 3, 0, 1, 2, 4, 0, 1, 2},
                       torch::kInt64)
      .view({5, 4});
}

TEST(InternalCoordinates, DihedralsHaveTheSignThatLammpsGivesThem) {
  // Along the axis from atom 1 to atom 2 the last one is clockwise from the first.
  const Tensor x =
      torch::tensor({1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 1.0}, torch::kFloat64)
          .view({1, 4, 3});
  const Tensor tree =
      torch::tensor({0, -1, -1, -1, 1, 0, -1, -1, 2, 1, 0, -1, 3, 2, 1, 0}, torch::kInt64)
          .view({4, 4});
  const Tensor own = measure(x, tree).points[0][3];
  EXPECT_NEAR(own[0].item<double>(), 2.0, 1e-15);
  EXPECT_NEAR(own[1].item<double>(), M_PI / 2, 1e-15);
  EXPECT_NEAR(own[2].item<double>(), M_PI / 2, 1e-15);
}

TEST(InternalCoordinates, AMirroredMoleculeIsAnotherOne) {
  const Tensor z = random_coordinates(1, 5, 3);
  const Tensor x = place(z, star()).points;
  const Tensor mirror = torch::tensor({1.0, 1.0, -1.0}, torch::kFloat64);
  const Tensor other = measure(x * mirror, star()).points;
  for (const int64_t k : {3, 4}) {
    EXPECT_GT(std::fabs(z[0][k][2].item<double>()), 0.01);
    EXPECT_NEAR(other[0][k][2].item<double>(), -z[0][k][2].item<double>(), 1e-12);
    EXPECT_NEAR(other[0][k][1].item<double>(), z[0][k][1].item<double>(), 1e-12);
  }
  EXPECT_LT(largest_difference(place(other, star()).points, x * mirror), 1e-13);
}

TEST(InternalCoordinates, TorsionsArePeriodicAndEndAtPi) {
  const Tensor z = random_coordinates(1, 5, 4);
  Tensor turned = z.clone();
  turned[0][3][2] += 4.0 * M_PI;
  turned[0][4][2] -= 2.0 * M_PI;
  EXPECT_LT(largest_difference(place(turned, star()).points, place(z, star()).points), 1e-13);
  EXPECT_LT(largest_difference(measure(place(turned, star()).points, star()).points, z), 1e-13);
  // Flat: the torsion is pi, whatever the sign of a zero.
  for (const double zero : {0.0, -0.0}) {
    const Tensor x = torch::tensor({0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 1.0, zero, -1.0, -1.0, zero,
                                    -0.3, 0.5, 0.7},
                                   torch::kFloat64)
                         .view({1, 5, 3});
    EXPECT_EQ(measure(x, star()).points[0][3][2].item<double>(), M_PI);
  }
}

TEST(InternalCoordinates, NearlyStraightAndFoldedAnglesAreExact) {
  for (const double angle : {1e-7, 1e-4, M_PI - 1e-4, M_PI - 1e-7}) {
    Tensor z = random_coordinates(1, 5, 5);
    z[0][4][1] = angle;
    const auto placed = place(z, star()), back = measure(placed.points, star());
    EXPECT_NEAR(back.points[0][4][1].item<double>(), angle, 1e-14);
    EXPECT_NEAR(placed.log_det.item<double>(), log_volume(z).item<double>(), 1e-9);
  }
}

TEST(InternalCoordinates, WhereThereAreNoneTheLogDetIsNaN) {
  Tensor z = random_coordinates(10, 5, 6);
  const Tensor good = z.slice(0, 9).clone();
  const double nan = std::nan("");
  const std::vector<std::array<double, 3>> wrong = {{1, 1, 0.0}, {1, 1, M_PI}, {1, 0, -1.0},
                                                    {3, 0, 0.0}, {3, 0, -1.2}, {3, 1, -0.5},
                                                    {4, 1, 3.5}, {4, 2, nan},  {2, 0, INFINITY}};
  for (size_t b = 0; b < wrong.size(); b++)
    z[b][static_cast<int64_t>(wrong[b][0])][static_cast<int64_t>(wrong[b][1])] = wrong[b][2];
  const Tensor in = z.clone().set_requires_grad(true);
  const auto placed = place(in, star());
  for (int64_t b = 0; b < 9; b++) EXPECT_TRUE(std::isnan(placed.log_det[b].item<double>())) << b;
  EXPECT_EQ(placed.log_det[9].item<double>(), place(good, star()).log_det.item<double>());
  // A loss that leaves them out has a gradient.
  const Tensor some = torch::autograd::grad(
      {torch::where(placed.log_det.isnan(), torch::zeros_like(placed.log_det), placed.log_det)
           .sum()},
      {in})[0];
  EXPECT_TRUE(some.isfinite().all().item<bool>());
  EXPECT_GT(some[9].abs().max().item<double>(), 0.1);
  // Atoms in one place, in one line, on the pole.
  Tensor x = place(good, star()).points.repeat({3, 1, 1});
  x[0][3] = x[0][0];
  x[1][3] = 2.0 * x[1][0] - x[1][1];
  x[2][1] = x[2][0] + torch::tensor({0.0, 0.0, 1.0}, torch::kFloat64);
  const auto measured = measure(x, star());
  EXPECT_TRUE(std::isnan(measured.log_det[0].item<double>()));
  EXPECT_TRUE(std::isnan(measured.log_det[2].item<double>()));
  EXPECT_FALSE(std::isfinite(measured.log_det[1].item<double>()) &&
               measured.log_det[1].item<double>() < 20.0);
}

TEST(InternalCoordinates, SecondDerivativesAreRefused) {
  const Tensor tree = star();
  for (const bool to_cartesian : {true, false}) {
    Tensor in = random_coordinates(2, 5, 8);
    if (!to_cartesian) in = place(in, tree).points;
    in.set_requires_grad(true);
    const auto mapped = to_cartesian ? place(in, tree) : measure(in, tree);
    const Tensor first =
        torch::autograd::grad({mapped.points.pow(2).sum()}, {in}, {}, true, true)[0];
    std::string said;
    try {
      torch::autograd::grad({first.sum()}, {in});
    } catch (const std::exception &e) {
      said = e.what();
    }
    EXPECT_NE(said.find("has no second derivatives: "), std::string::npos) << said;
  }
}

TEST(InternalCoordinates, SinglePrecisionIsRoundedAtTheEndsOnly) {
  const Tensor z = random_coordinates(3, 5, 9).to(torch::kFloat32).set_requires_grad(true);
  const auto placed = place(z, star());
  EXPECT_EQ(placed.points.scalar_type(), torch::kFloat32);
  EXPECT_EQ(placed.log_det.scalar_type(), torch::kFloat64);
  const Tensor exact = z.detach().to(torch::kFloat64).set_requires_grad(true);
  const auto wanted = place(exact, star());
  EXPECT_TRUE(torch::equal(placed.points, wanted.points.to(torch::kFloat32)));
  EXPECT_TRUE(torch::equal(placed.log_det, wanted.log_det));
  const Tensor by_single = torch::autograd::grad({placed.points.sum()}, {z})[0];
  const Tensor by_double = torch::autograd::grad({wanted.points.sum()}, {exact})[0];
  EXPECT_TRUE(torch::equal(by_single, by_double.to(torch::kFloat32)));
}

TEST(InternalCoordinates, TheVersionForOtherDevicesGoesByWayOfTheCpu) {
  const Tensor z = random_coordinates(3, 5, 11).set_requires_grad(true);
  const auto [x, log_det] = operator_of("nflow::internal_to_cartesian")
                                .redispatch(c10::DispatchKeySet(c10::DispatchKey::CUDA), z, star());
  const auto placed = place(z, star());
  EXPECT_TRUE(torch::equal(x, placed.points));
  EXPECT_TRUE(torch::equal(log_det, placed.log_det));
  EXPECT_TRUE(torch::equal(gradient({x, log_det}, z), gradient(placed, z)));
  for (const char *name : {"internal_to_cartesian", "cartesian_to_internal"})
    EXPECT_TRUE(nflow::runs_on_cuda(name));
}

/// What the operator says to these points and this tree.
std::string said_to(const Tensor &points, const Tensor &tree) {
  try {
    place(points, tree);
  } catch (const c10::Error &e) {
    return e.what_without_backtrace();
  }
  return "";
}

TEST(InternalCoordinates, WrongTreesHaveASentence) {
  const Tensor z = random_coordinates(2, 5, 10);
  const auto with = [&](int64_t row, int64_t column, int64_t value) {
    Tensor tree = star();
    tree[row][column] = value;
    return said_to(z, tree);
  };
  const auto &expect = nflow::tests::expect_sentence;
  expect(with(3, 0, 5), "row 3 of the tree names atom 5, of 0 to 4");
  expect(with(3, 0, -1), "row 3 of the tree names atom -1");
  expect(with(4, 0, 3), "row 4 of the tree places atom 3 again");
  expect(with(3, 1, 4), "row 3 of the tree has reference 4, which no earlier row places");
  expect(with(3, 3, 3), "row 3 of the tree has reference 3, which no earlier row places");
  expect(with(3, 2, 7), "row 3 of the tree has reference 7");
  expect(with(3, 3, -1), "row 3 of the tree has reference -1");
  expect(with(4, 3, 1), "row 4 of the tree has reference 1 twice");
  expect(with(2, 3, 0), "row 2 of the tree must have -1");
  expect(with(0, 1, 0), "row 0 of the tree must have -1");
  expect(said_to(z, star().slice(0, 0, 4)), "a row for each of the 5 atoms");
  expect(said_to(z, star().to(torch::kFloat64)), "int64");
  expect(said_to(z.slice(1, 0, 2), star().slice(0, 0, 2)), "three atoms at least");
  expect(said_to(z.slice(2, 0, 2), star()), "points must be [B, n, 3]");
  expect(said_to(z.to(torch::kInt64), star()), "points must be float64 or float32");
  EXPECT_EQ(place(z.slice(0, 0, 0), star()).points.size(0), 0);
}

} // namespace
