// nflow::gb_obc: against energies of another implementation, closed forms and a quadrature; its
// gradient against finite differences and autograd; in batches; by tensor operations, as on a GPU;
// and what it refuses.
#include "base/random.h"
#include "model/energy_model.h"
#include "operators/gb_obc_arguments.h"
#include "operators/operators.h"
#include "reference/gb_obc.h"
#include "support/ala2.h"
#include "support/gradient_checks.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>
#include <string>
#include <tuple>

namespace {

using namespace nflow;
using operators::GbObc;
using operators::GbObcConstants;
using reference::GbAtoms;
using torch::Tensor;

const std::string source = NFLOW_SOURCE_DIR;
const double offset = GbObcConstants().offset;

double energy_of(const GbAtoms &atoms, const std::vector<double> &x, const GbObcConstants &c = {},
                 double *gradient = nullptr) {
  GbObc model;
  model.set(atoms.size(), atoms.radius.data(), atoms.scale.data(), atoms.charge.data(), c);
  return model.energy(x.data(), gradient);
}

GbObcConstants without_surface(GbObcConstants c = {}) {
  c.surface_tension = 0.0;
  return c;
}

/// A molecule that is none: atoms that overlap and cover each other, all radii and scales.
GbAtoms heap_of(int64_t n) {
  RandomStream random(3, 0, 0, Purpose::sample);
  GbAtoms atoms;
  for (int64_t i = 1; i <= n; i++) {
    atoms.ids.push_back(i);
    atoms.radius.push_back(0.5 + 2.5 * random.uniform());
    atoms.scale.push_back(0.5 + 0.5 * random.uniform());
    atoms.charge.push_back(2.0 * random.uniform() - 1.0);
  }
  return atoms;
}
std::vector<double> places_of(int64_t n, uint32_t seed, double width) {
  std::vector<double> x(3 * n);
  RandomStream(seed, 0, 0, Purpose::sample).fill_gaussian(x.data(), 3 * n, width);
  return x;
}

TEST(GbObc, AlanineDipeptideHasTheReferenceEnergies) {
  for (const char *force_field : {"ff99sbildn", "ff96"}) {
    const tests::Ala2 wanted(source, force_field);
    const GbAtoms atoms = reference::read_gb_table(wanted.table, offset);
    GbAtoms neutral = atoms;
    neutral.charge.assign(atoms.size(), 0.0);
    ASSERT_EQ(wanted.x.size(), 10u);
    for (size_t i = 0; i < 10; i++) {
      const double all = energy_of(atoms, wanted.x[i]);
      EXPECT_NEAR(all, wanted.solvent[i], 1e-9) << force_field << " " << i;
      const double polar = energy_of(atoms, wanted.x[i], without_surface());
      const double surface = energy_of(neutral, wanted.x[i]);
      EXPECT_NEAR(polar + surface, all, 1e-12 * std::fabs(polar)) << force_field << " " << i;
      EXPECT_LT(polar, -5.0);
      EXPECT_GT(surface, 2.0);
    }
  }
}

TEST(GbObc, AnIonHasTheEnergyOfBorn) {
  const GbObcConstants c;
  const GbAtoms ion{{1}, {1.7}, {0.8}, {-2.0}};
  const double own = 1.7 - c.offset, reach = 1.7 + c.probe;
  const double polar = -0.5 * 332.06371 * (1.0 - 1.0 / 78.3) * 4.0 / own;
  const double area = 4.0 * M_PI * 0.0054 * reach * reach * std::pow(1.7 / own, 6);
  EXPECT_NEAR(energy_of(ion, {3.0, -1.0, 2.0}), polar + area, 1e-12 * std::fabs(polar));
  // Two of them far apart, in water inside and out: nothing is screened; else by both constants.
  const GbAtoms two{{1, 2}, {1.7, 1.7}, {0.8, 0.8}, {-2.0, 1.0}};
  GbObcConstants water = without_surface();
  water.inner = water.outer;
  EXPECT_EQ(energy_of(two, {0, 0, 0, 5, 0, 0}, water), 0.0);
  const double r = 1000.0, alone = -0.5 * c.screening() * 5.0 / own;
  EXPECT_NEAR(energy_of(two, {0, 0, 0, r, 0, 0}, without_surface()) - alone,
              c.screening() * 2.0 / r, 1e-7);
}

/// The integral of 1/(4 pi x^4) over a sphere of radius s at distance r outside `own`, by shells.
double covered(double r, double own, double s) {
  const int steps = 400000;
  const double end = r + s, width = std::max(0.0, (end - own) / steps);
  double sum = 0.0;
  for (int k = 0; k < steps; k++) {
    const double at = own + (k + 0.5) * width;
    double part = 0.0; // of the shell
    if (at < s - r)
      part = 1.0;
    else if (at > std::fabs(r - s))
      part = (s * s - (r - at) * (r - at)) / (4.0 * r * at);
    sum += part / (at * at) * width;
  }
  return sum;
}

TEST(GbObc, BornRadiiAreThoseOfTheSpheresThatCover) {
  GbObcConstants c = without_surface();
  c.alpha = 1.0;
  c.beta = c.gamma = 0.0; // 1/B = 1/own - tanh(psi)/radius
  const double radius = 1.5, own = radius - c.offset, scale = 0.8;
  // Apart, touching, overlapping, the other inside the atom, the atom inside the other.
  for (const auto &[other, r] : std::vector<std::pair<double, double>>{
           {1.5, 6.0}, {1.5, 2.5}, {2.0, 1.2}, {0.5, 0.3}, {4.0, 0.7}, {4.0, 2.9}}) {
    const double s = scale * (other - c.offset);
    const double energy =
        energy_of({{1, 2}, {radius, other}, {0.7, scale}, {1.0, 0.0}}, {0, 0, 0, 0, r, 0}, c);
    const double born = -0.5 * c.screening() / energy;
    const double integral = std::atanh(radius * (1.0 / own - 1.0 / born)) / own;
    EXPECT_NEAR(integral, covered(r, own, s), 2e-6) << other << " " << r;
  }
}

TEST(GbObc, TheGradientIsThatOfTheEnergy) {
  GbObcConstants obc1;
  obc1.alpha = 0.8;
  obc1.beta = 0.0;
  obc1.gamma = 2.909125;
  obc1.inner = 2.0;
  const tests::Ala2 ala2(source, "ff99sbildn");
  const GbAtoms molecule = reference::read_gb_table(ala2.table, offset), heap = heap_of(9);
  const auto check = [&](const GbAtoms &atoms, const std::vector<double> &x,
                         const GbObcConstants &c) {
    std::vector<double> gradient(x.size());
    energy_of(atoms, x, c, gradient.data());
    const auto energy = [&](const std::vector<double> &at) { return energy_of(atoms, at, c); };
    tests::expect_gradient_of(energy, x, gradient, 5, 1e-6);
    double sum = 0.0; // a shift of all atoms changes nothing
    for (size_t i = 0; i < x.size(); i += 3) sum += gradient[i];
    EXPECT_NEAR(sum, 0.0, 1e-9);
  };
  for (const auto &x : ala2.x)
    for (const auto &c : {GbObcConstants(), obc1, without_surface()}) check(molecule, x, c);
  for (uint32_t seed = 1; seed <= 8; seed++) check(heap, places_of(9, seed, 1.5), obc1);
}

TEST(GbObc, OneObjectServesMoleculesInTurn) {
  GbObc model;
  std::vector<double> gradient(3 * 30), wanted(3 * 30);
  for (const int64_t n : {12, 1, 30, 5, 30}) {
    const GbAtoms atoms = heap_of(n);
    const auto x = places_of(n, 9, 4.0);
    model.set(n, atoms.radius.data(), atoms.scale.data(), atoms.charge.data(), {});
    EXPECT_EQ(model.energy(x.data(), gradient.data()), energy_of(atoms, x, {}, wanted.data()));
    EXPECT_EQ(gradient, wanted);
  }
}

TEST(GbObc, AllInstructionSetsOfThisProcessorAgree) {
  std::vector<double> gradient(3 * 40), wanted(3 * 40);
  for (const int64_t n : {1, 2, 7, 8, 9, 10, 40}) {
    const GbAtoms atoms = heap_of(n);
    const auto x = places_of(n, 9, 2.0);
    const double energy = energy_of(atoms, x, {}, wanted.data());
    for (const auto *kernels : operators::all_gb_obc_kernels()) {
      GbObc model(*kernels);
      model.set(n, atoms.radius.data(), atoms.scale.data(), atoms.charge.data(), {});
      EXPECT_NEAR(model.energy(x.data(), gradient.data()), energy, 1e-12 * std::fabs(energy))
          << kernels->name << " " << n;
      EXPECT_EQ(model.energy(x.data(), nullptr), model.energy(x.data(), gradient.data()));
      double size = 0.0;
      for (int64_t i = 0; i < 3 * n; i++) size = std::max(size, std::fabs(wanted[i]));
      for (int64_t i = 0; i < 3 * n; i++)
        EXPECT_NEAR(gradient[i], wanted[i], 1e-11 * size) << kernels->name << " " << n;
    }
  }
}

/// The operator, as a model calls it.
using Result = std::tuple<Tensor, Tensor>;
Result call(const Tensor &x, const GbAtoms &atoms, const Tensor &constants, bool gradient = true) {
  (void) operator_names(); // links the library in
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("nflow::gb_obc", "")
                             .typed<Result(const Tensor &, const Tensor &, const Tensor &,
                                           const Tensor &, const Tensor &, bool)>();
  const auto list = [](const std::vector<double> &v) { return torch::tensor(v, torch::kFloat64); };
  return op.call(x, list(atoms.radius), list(atoms.scale), list(atoms.charge), constants, gradient);
}
Result call(const Tensor &x, const GbAtoms &atoms, bool gradient = true) {
  return call(x, atoms, operators::tensor_of({}), gradient);
}

Tensor points_of(int64_t batch, int64_t n) {
  auto x = places_of(batch * n, 5, 3.0);
  return torch::tensor(x, torch::kFloat64).view({batch, n, 3});
}

TEST(GbObcOperator, BatchesAreTheirConfigurations) {
  const GbAtoms atoms = heap_of(7);
  const Tensor x = points_of(6, 7);
  const auto [energy, gradient] = call(x, atoms);
  for (int64_t b = 0; b < 6; b++) {
    // A view that is not contiguous, too.
    const auto [alone, its] = call(x.slice(0, b, b + 1), atoms);
    EXPECT_TRUE(torch::equal(alone, energy.slice(0, b, b + 1)));
    EXPECT_TRUE(torch::equal(its, gradient.slice(0, b, b + 1)));
  }
  const Tensor turned = x.transpose(0, 1).contiguous().transpose(0, 1);
  ASSERT_FALSE(turned.is_contiguous());
  EXPECT_TRUE(torch::equal(std::get<1>(call(turned, atoms)), gradient));
  const auto [only, none] = call(x, atoms, false);
  EXPECT_TRUE(torch::equal(only, energy));
  EXPECT_EQ(none.numel(), 0);
  EXPECT_EQ(std::get<0>(call(x.slice(0, 0, 0), atoms)).numel(), 0);
}

TEST(GbObcOperator, AutogradGivesTheAnalyticGradient) {
  const GbAtoms atoms = heap_of(7);
  const Tensor x = points_of(4, 7).requires_grad_(true);
  const Tensor weight = torch::arange(1, 5).to(torch::kFloat64);
  for (const bool beside : {false, true}) {
    const auto [energy, gradient] = call(x, atoms, beside);
    EXPECT_FALSE(gradient.requires_grad());
    const Tensor given = torch::autograd::grad({(weight * energy.square()).sum()}, {x})[0];
    const Tensor wanted = std::get<1>(call(x.detach(), atoms));
    const Tensor factor = (2.0 * weight * energy.detach()).view({-1, 1, 1});
    EXPECT_LT((given - factor * wanted).abs().max().item<double>(),
              1e-13 * given.abs().max().item<double>());
  }
  // There is no second derivative, and nobody gets a wrong one.
  const Tensor energy = std::get<0>(call(x, atoms)).sum();
  const auto once = torch::autograd::grad({energy}, {x}, {}, true, true)[0];
  EXPECT_THROW(torch::autograd::grad({once.sum()}, {x}), c10::Error);
}

TEST(GbObcOperator, TensorOperationsGiveTheSame) {
  const tests::Ala2 ala2(source, "ff96");
  std::vector<double> all;
  for (const auto &x : ala2.x) all.insert(all.end(), x.begin(), x.end());
  const auto compare = [](const Tensor &points, const GbAtoms &atoms) {
    const auto list = [](const auto &v) { return torch::tensor(v, torch::kFloat64); };
    const Tensor x = points.detach().requires_grad_(true);
    const operators::GbObcArguments arguments{list(atoms.radius), list(atoms.scale),
                                              list(atoms.charge), operators::tensor_of({}), true};
    const auto [energy, gradient] = operators::gb_obc_tensors(arguments, x);
    const auto [wanted, slope] = call(points, atoms);
    const auto by_autograd = torch::autograd::grad({energy.sum()}, {x})[0];
    const double size = slope.abs().max().item<double>();
    EXPECT_LT((energy - wanted).abs().max().item<double>(), 1e-11);
    EXPECT_LT((gradient - slope).abs().max().item<double>(), 1e-11 * size);
    EXPECT_LT((by_autograd - slope).abs().max().item<double>(), 1e-11 * size);
    auto energies = arguments;
    energies.with_gradient = false;
    EXPECT_EQ(std::get<1>(operators::gb_obc_tensors(energies, x)).numel(), 0);
  };
  compare(torch::tensor(all, torch::kFloat64).view({10, 22, 3}),
          reference::read_gb_table(ala2.table, offset));
  compare(points_of(6, 9) / 2.0, heap_of(9));
  EXPECT_TRUE(runs_on_cuda("gb_obc"));
}

TEST(GbObcOperator, AtomsAtOnePlaceHaveNoEnergy) {
  const auto [energy, gradient] = call(torch::zeros({1, 3, 3}, torch::kFloat64), heap_of(3));
  EXPECT_FALSE(std::isfinite(energy.item<double>()));
}

/// What the operator says.
template <class Call>
std::string refusal(const Call &call) {
  try {
    call();
    return "";
  } catch (const c10::Error &e) {
    return e.what_without_backtrace();
  }
}

TEST(GbObcOperator, RefusesWhatIsNoMolecule) {
  const GbAtoms good = heap_of(4);
  const Tensor x = points_of(2, 4);
  const auto expect = [&](const Tensor &points, const GbAtoms &atoms, const Tensor &constants,
                          const std::string &part) {
    const auto what = refusal([&] { call(points, atoms, constants); });
    EXPECT_NE(what.find(part), std::string::npos) << part << "\n" << what;
  };
  const Tensor c = operators::tensor_of({});
  expect(x.to(torch::kFloat32), good, c, "points must be float64 [B, n, 3]");
  expect(x.slice(2, 0, 2), good, c, "points must be float64 [B, n, 3]");
  expect(x, heap_of(5), c, "radius, scale and charge must be float64 [n]");
  expect(x.slice(1, 0, 0), heap_of(0), c, "takes 1 to 2000 atoms");
  expect(torch::zeros({1, 2001, 3}, torch::kFloat64), heap_of(2001), c, "takes 1 to 2000 atoms");
  expect(x, good, c.slice(0, 0, 8), "constants must be float64 [9]");
  const auto wrong = [&](std::vector<double> GbAtoms::*column, double value) {
    GbAtoms atoms = good;
    (atoms.*column)[2] = value;
    return atoms;
  };
  for (const double radius : {0.09, -1.0, std::nan("")})
    expect(x, wrong(&GbAtoms::radius, radius), c, "a radius is not larger than the offset");
  expect(x, wrong(&GbAtoms::scale, -0.1), c, "or a scale is negative");
  GbObcConstants none;
  none.outer = 0.0;
  expect(x, good, operators::tensor_of(none), "or a dielectric constant not positive");
}

TEST(GbObcFile, IsTheOperatorInAnEnergyFile) {
  const tests::Ala2 wanted(source, "ff99sbildn");
  reference::write_gb_obc_file(reference::read_gb_table(wanted.table, offset), {}, "real",
                               "ala2_gb.pt");
  EnergyModel model("ala2_gb.pt");
  EXPECT_EQ(model.metadata().n_atoms, 22);
  EXPECT_EQ(model.metadata().dim, 3);
  EXPECT_EQ(model.metadata().units, "real");
  EXPECT_EQ(model.metadata().operators, std::vector<std::string>{"gb_obc"});
  EXPECT_EQ(model.metadata().provenance.at("gb_obc").at("gamma"), 4.85);
  std::vector<double> x, energy(10), again(10), gradient(660);
  for (const auto &one : wanted.x) x.insert(x.end(), one.begin(), one.end());
  model.energy(10, x.data(), energy.data());
  model.energy_and_gradient(10, x.data(), again.data(), gradient.data());
  EXPECT_EQ(energy, again);
  for (size_t i = 0; i < 10; i++) {
    EXPECT_NEAR(energy[i], wanted.solvent[i], 1e-9);
    model.check_gradient(wanted.x[i].data());
  }
}

} // namespace
