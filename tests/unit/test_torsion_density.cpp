// nflow::torsion_density: against the sum over all cells, round trips into the tails, log-dets and
// gradients, samples, steerability, and that a density that is normalised torsion by torsion is
// caught.
#include "model/archive.h"
#include "model/checks.h"
#include "model/operator_resolver.h"
#include "model/threads.h"
#include "operators/normal_tail.h"
#include "support/refusal.h"
#include "torsion_case.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <functional>

namespace {

using namespace nflow::tests;
namespace operators = nflow::operators;
using nflow::TorsionTables;
using torch::Tensor;

const Normals normal{31};
constexpr double kT0 = 0.6;
const std::vector<double> temperatures{0.3 * kT0, 0.5 * kT0, kT0, 2.0 * kT0};

/// Torsions of random energies, some kT0 wide.
TorsionTables tables_of(int64_t bins, const std::vector<int64_t> &parents) {
  TorsionTables tables;
  tables.forest.bins = bins;
  tables.forest.parents = parents;
  for (size_t i = 0; i < parents.size(); i++)
    tables.forest.cuts.push_back((5 * static_cast<int64_t>(i) + 3) % bins);
  const auto energies = normal({tables.forest.size()}, 1, 1.5 * kT0);
  const double *const values = energies.data_ptr<double>();
  tables.energies.assign(values, values + energies.numel());
  return tables;
}
/// With children before and behind their parents, and two trees.
TorsionTables forest() {
  return tables_of(24, {2, 0, -1, -1, 2, 3});
}
/// What a density is without the messages from the children: each table normalised for itself.
TorsionTables normalised_for_itself(TorsionTables tables, double kT) {
  const int64_t bins = tables.forest.bins;
  const auto energies = torch::tensor(tables.energies, torch::kFloat64).view({-1, bins});
  const Tensor alone = -kT * torch::log_softmax(-energies / kT, 1);
  const double *const values = alone.data_ptr<double>();
  tables.energies.assign(values, values + alone.numel());
  return tables;
}

/// ln p of all cells by their sum.
Tensor exact(const TorsionTables &tables, double kT) {
  const int64_t bins = tables.forest.bins, m = tables.forest.torsions();
  const auto cell = torch::arange(static_cast<int64_t>(std::llround(std::pow(bins, m))));
  const auto energies = torch::tensor(tables.energies, torch::kFloat64);
  const auto bin = [&](int64_t i) {
    const auto unit = static_cast<int64_t>(std::llround(std::pow(bins, m - 1 - i)));
    return torch::remainder(torch::floor_divide(cell, unit), bins);
  };
  Tensor energy = torch::zeros({cell.size(0)}, torch::kFloat64);
  int64_t begin = 0;
  for (int64_t i = 0; i < m; i++) {
    const int64_t parent = tables.forest.parents[i];
    const Tensor row = parent < 0 ? torch::zeros_like(cell) : bin(parent);
    energy = energy + energies.index_select(0, begin + row * bins + bin(i));
    begin += tables.forest.table_size(i);
  }
  return torch::log_softmax(-energy / kT, 0) - m * std::log(2.0 * pi / bins);
}

class TorsionDensity : public testing::Test {
 protected:
  void SetUp() override { nflow::use_threads(1); }
};

TEST_F(TorsionDensity, IsThatOfTheSumOverAllCellsAtEveryTemperature) {
  for (const auto &parents : std::vector<std::vector<int64_t>>{
           {-1}, {-1, 0}, {1, -1}, {-1, 0, 1}, {1, -1, 1}, {-1, 2, -1}})
    for (const double kT : temperatures) {
      const auto tables = tables_of(18, parents);
      Torsions torsions(tables);
      const Tensor p = torsions.log_density(cells(18, parents.size()), kT);
      EXPECT_LT(largest_difference(p, exact(tables, kT)), 1e-11);
      const double cell = std::pow(2.0 * pi / 18, parents.size());
      EXPECT_NEAR((p.exp().sum() * cell).item<double>(), 1.0, 1e-12);
    }
}

/// tau ln p_tau differs by the same between any two points at every temperature.
double steerability(const std::function<Tensor(double)> &log_density) {
  const auto rest = [&](double kT) {
    const Tensor scaled = kT * log_density(kT);
    return scaled - scaled.mean();
  };
  double worst = 0.0;
  for (const double kT : temperatures)
    worst = std::max(worst, largest_difference(rest(kT), rest(kT0)));
  return worst;
}

TEST_F(TorsionDensity, IsAPowerOfItself) {
  Torsions torsions(forest());
  const Tensor phi = torsions.forward(std::sqrt(kT0) * normal({500, 6}, 2), kT0).points;
  EXPECT_LT(steerability([&](double kT) { return torsions.log_density(phi, kT); }), 1e-12);
}

TEST_F(TorsionDensity, WithoutMessagesItIsNoPowerOfItself) {
  Torsions whole(forest());
  const Tensor phi = whole.forward(std::sqrt(kT0) * normal({500, 6}, 2), kT0).points;
  EXPECT_GT(steerability([&](double kT) {
              return Torsions(normalised_for_itself(forest(), kT)).log_density(phi, kT);
            }),
            0.1);
}

TEST_F(TorsionDensity, RoundTripsIntoTheTails) {
  Torsions torsions(forest());
  for (const double kT : temperatures) {
    for (const double z : {-7.0, -5.0, 5.0, 7.0}) {
      const Tensor u = torch::full({1, 6}, z * std::sqrt(kT), torch::kFloat64);
      const auto there = torsions.forward(u, kT);
      const auto back = torsions.inverse(there.points, kT);
      // The last bits of an angle in a bin that may have all of the probability.
      const double bound = 1e-15 * 24 / (2.0 * pi) / std::exp(operators::log_normal_density(z));
      EXPECT_LT(largest_difference(back.points, u), bound * std::sqrt(kT) + 1e-14) << z;
    }
    const Tensor u = std::sqrt(kT) * normal({2000, 6}, 3);
    const auto there = torsions.forward(u, kT);
    EXPECT_TRUE((there.points > -pi).all().item<bool>());
    EXPECT_TRUE((there.points <= pi).all().item<bool>());
    const auto back = torsions.inverse(there.points, kT);
    EXPECT_LT(largest_difference(torsions.forward(back.points, kT).points, there.points), 1e-12);
    EXPECT_LT(largest_difference(there.log_det, -back.log_det), 1e-7);
    // Angles come in any period.
    const auto turned = torsions.inverse(there.points + 4.0 * pi, kT);
    EXPECT_LT(largest_difference(turned.log_det, back.log_det), 1e-6);
  }
}

TEST_F(TorsionDensity, ATailIsInverted) {
  for (double z = 0.0; z < 37.0; z += 0.37)
    EXPECT_NEAR(operators::z_of_normal_tail(operators::normal_tail(z)), z, 1e-15 * (1.0 + z * z));
}

TEST_F(TorsionDensity, LogDetsAndGradientsAreThoseOfTheMap) {
  Torsions torsions(forest());
  const auto map = [&](const std::string &method, const Tensor &points) {
    return method == "forward" ? torsions.forward(points, kT0) : torsions.inverse(points, kT0);
  };
  const Tensor u = std::sqrt(kT0) * normal({8, 6}, 4);
  expect_log_dets(map, u, 1e-11);
  const Tensor by_point = normal({8, 6}, 5), by_log_det = normal({8}, 6);
  for (const auto &method : {"forward", "inverse"}) {
    const Tensor in = (method == std::string("forward") ? u : torsions.forward(u, kT0).points)
                          .clone()
                          .requires_grad_(true);
    const auto loss = [&](const Tensor &points) {
      const auto mapped = map(method, points);
      return (mapped.points * by_point).sum() + (mapped.log_det * by_log_det).sum();
    };
    const Tensor gradient = torch::autograd::grad({loss(in)}, {in})[0];
    const torch::NoGradGuard no_gradient;
    const double h = 1e-7;
    for (int64_t i = 0; i < in.numel(); i++) {
      Tensor up = in.detach().clone(), down = up.clone();
      up.view({-1})[i] += h;
      down.view({-1})[i] -= h;
      const double measured = ((loss(up) - loss(down)) / (2.0 * h)).item<double>();
      EXPECT_NEAR(gradient.view({-1})[i].item<double>(), measured,
                  1e-5 * (1.0 + std::fabs(measured)))
          << method;
    }
  }
}

/// Structures made by hand have parents at round angles, to the last bit on one side or the other.
TEST_F(TorsionDensity, RoundAnglesAreNotWhereBinsEnd) {
  const TorsionTables tables = tables_of(72, {-1, 0, 1});
  Torsions torsions(tables);
  for (const double degrees : {180.0, -180.0, 120.0, 90.0, 60.0, 45.0, 0.0, -60.0, -150.0}) {
    const auto phi = torch::full({1, 3}, degrees * pi / 180.0, torch::kFloat64);
    const auto there = torsions.inverse(phi, kT0);
    for (const double off : {-1e-14, 1e-14}) {
      const auto near = torsions.inverse(phi + off, kT0);
      EXPECT_LT(largest_difference(near.points, there.points), 1e-9) << degrees;
    }
    const auto back = torsions.forward(there.points, kT0).points;
    EXPECT_LT((1.0 - torch::cos(back - phi)).max().item<double>(), 1e-14) << degrees;
  }
}

/// chi^2 of the points over the cells against ln p, as standard deviations from its mean.
double z_of_samples(const Tensor &phi, const Tensor &log_p, int64_t bins) {
  const Tensor p = torch::softmax(log_p, 0);
  const Tensor counts = torch::bincount(cell_of(phi, bins), {}, p.numel()).to(torch::kFloat64);
  const Tensor expected = p * static_cast<double>(phi.size(0));
  const Tensor often = expected > 5.0;
  const auto chi = ((counts - expected).square() / expected).masked_select(often);
  const auto freedom = static_cast<double>(chi.numel());
  return (chi.sum().item<double>() - freedom) / std::sqrt(2.0 * freedom);
}

TEST_F(TorsionDensity, SamplesAreOfTheDensity) {
  const auto tables = tables_of(12, {1, -1, 1});
  Torsions torsions(tables);
  for (const double kT : temperatures) {
    const Tensor phi = torsions.forward(std::sqrt(kT) * normal({200000, 3}, 7), kT).points;
    EXPECT_LT(std::fabs(z_of_samples(phi, exact(tables, kT), 12)), 4.0) << kT;
    // The same samples against the density of another temperature.
    EXPECT_GT(std::fabs(z_of_samples(phi, exact(tables, 1.1 * kT), 12)), 6.0) << kT;
  }
}

TEST_F(TorsionDensity, TransportTurnsOneTemperatureIntoAnother) {
  const auto tables = tables_of(12, {1, -1, 1});
  Torsions torsions(tables);
  const double hot = 2.0 * kT0;
  const Tensor phi = torsions.forward(std::sqrt(hot) * normal({200000, 3}, 8), hot).points;
  const auto cold = torsions.transport(phi, hot, kT0);
  EXPECT_LT(std::fabs(z_of_samples(cold.points, exact(tables, kT0), 12)), 4.0);
  EXPECT_LT(largest_difference(cold.log_det, torsions.log_density(phi, hot) -
                                                 torsions.log_density(cold.points, kT0)),
            1e-6);
  EXPECT_LT(largest_difference(torsions.transport(phi, hot, hot).points, phi), 1e-12);
}

TEST_F(TorsionDensity, APointIsMappedAloneToTheBit) {
  Torsions torsions(forest());
  const Tensor u = normal({20, 6}, 9);
  for (const bool inverse : {false, true}) {
    const auto map = [&](const Tensor &in) {
      return inverse ? torsions.inverse(in, kT0) : torsions.forward(in, kT0);
    };
    const auto all = map(u);
    for (int64_t b = 0; b < 20; b++) {
      const auto one = map(u.slice(0, b, b + 1));
      EXPECT_TRUE(torch::equal(one.points[0], all.points[b]));
      EXPECT_TRUE(torch::equal(one.log_det[0], all.log_det[b]));
    }
  }
}

/// What a GPU's version does, called with tensors of the CPU: values and gradients are the same.
TEST_F(TorsionDensity, TheVersionOfOtherDevicesIsTheSame) {
  const auto tables = forest();
  const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("nflow::torsion_density", "")
          .typed<std::tuple<Tensor, Tensor>(const Tensor &, const Tensor &, const Tensor &,
                                            const Tensor &, const Tensor &, int64_t, bool)>();
  Torsions torsions(tables);
  const Tensor u = std::sqrt(kT0) * normal({20, 6}, 13);
  for (const bool gradients : {false, true}) {
    const torch::AutoGradMode mode(gradients);
    const Tensor in = u.clone().requires_grad_(gradients);
    const auto [phi, log_det] =
        op.redispatch(c10::DispatchKeySet(c10::DispatchKey::CUDA), in,
                      torch::tensor(tables.energies, torch::kFloat64),
                      torch::tensor(tables.forest.parents, torch::kInt64),
                      torch::tensor(tables.forest.cuts, torch::kInt64),
                      torch::full({}, kT0, torch::kFloat64), tables.forest.bins, false);
    const auto wanted = torsions.forward(u, kT0);
    EXPECT_TRUE(torch::equal(phi, wanted.points));
    EXPECT_TRUE(torch::equal(log_det, wanted.log_det));
    if (!gradients) continue;
    const Tensor gradient = torch::autograd::grad({log_det.sum()}, {in})[0];
    EXPECT_LT(largest_difference(gradient, -u / kT0), 1e-12);
  }
}

TEST_F(TorsionDensity, NoneAndWhatIsNotFinite) {
  Torsions none(tables_of(24, {}));
  const auto mapped = none.forward(torch::zeros({3, 0}, torch::kFloat64), kT0);
  EXPECT_EQ(mapped.points.sizes(), (std::vector<int64_t>{3, 0}));
  EXPECT_TRUE(torch::equal(mapped.log_det, torch::zeros({3}, torch::kFloat64)));
  Torsions torsions(forest());
  for (const double bad : {std::nan(""), double(INFINITY), -double(INFINITY)}) {
    Tensor u = normal({2, 6}, 10);
    u[1][2] = bad; // a root
    for (const auto &result : {torsions.forward(u, kT0), torsions.inverse(u, kT0)}) {
      EXPECT_TRUE(std::isnan(result.log_det[1].item<double>()));
      EXPECT_TRUE(std::isfinite(result.log_det[0].item<double>()));
    }
  }
  // So far out that there is no probability left.
  const auto far = torsions.forward(torch::full({1, 6}, 1e3, torch::kFloat64), kT0);
  EXPECT_TRUE(torch::isfinite(far.points).all().item<bool>());
}

/// Of float32 points the angles are float32 and the log-dets are not.
TEST_F(TorsionDensity, SinglePrecision) {
  Torsions torsions(forest());
  const Tensor u = std::sqrt(kT0) * normal({200, 6}, 11);
  const auto wanted = torsions.forward(u, kT0), got = torsions.forward(u.to(torch::kFloat32), kT0);
  EXPECT_EQ(got.points.scalar_type(), torch::kFloat32);
  EXPECT_EQ(got.log_det.scalar_type(), torch::kFloat64);
  EXPECT_LT(largest_difference(got.log_det, wanted.log_det), 1e-4);
}

TEST_F(TorsionDensity, ImpossibleArgumentsAreRefused) {
  const auto refused = [](const std::function<void(TorsionTables &)> &change) {
    auto tables = forest();
    change(tables);
    return refusal([&] { Torsions torsions(tables); });
  };
  EXPECT_EQ(refused([](auto &) {}), "");
  expect_sentence(refused([](auto &t) { t.forest.parents[2] = 1; }), "circle");
  expect_sentence(refused([](auto &t) { t.forest.parents[2] = 6; }), "parent");
  expect_sentence(refused([](auto &t) { t.forest.cuts[0] = 24; }), "cut");
  expect_sentence(refused([](auto &t) { t.forest.bins = 1; }), "bins");
  expect_sentence(refused([](auto &t) { t.energies.pop_back(); }), "energies");
  Torsions torsions(forest());
  const Tensor u = normal({2, 6}, 12);
  for (const double kT : {0.0, -1.0, std::nan(""), double(INFINITY)})
    EXPECT_ANY_THROW(torsions.forward(u, kT)) << kT;
  EXPECT_ANY_THROW(torsions.forward(normal({2, 5}, 12), kT0));
  EXPECT_ANY_THROW(torsions.forward(normal({6}, 12), kT0));
  auto tables = forest();
  tables.energies[7] = std::nan("");
  EXPECT_ANY_THROW(Torsions(tables).forward(u, kT0));
}

/// A model of the contract, steerable, that is nothing but torsions.
TEST_F(TorsionDensity, AModelOfItPassesTheChecks) {
  torch::jit::setGraphExecutorOptimize(true); // or freezing would not inline
  torch::jit::Module module("__torch__.torsion_model");
  add_torsion_density(module, forest());
  module.define(R"(
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    phi, log_det = self.torsions_forward(u.reshape([u.size(0), -1]), tau[1])
    return phi.reshape(u.shape), log_det
def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    u, log_det = self.torsions_inverse(v.reshape([v.size(0), -1]), tau[1])
    return u.reshape(v.shape), log_det
)",
                std::make_shared<nflow::OperatorResolver>());
  nflow::Metadata metadata;
  metadata.architecture = "torsions";
  metadata.prior = nflow::Prior::gaussian;
  metadata.n_atoms = 6;
  metadata.dim = 1;
  metadata.units = "lj";
  metadata.steerable = true;
  metadata.temperatures_trained = {kT0};
  metadata.operators = {"torsion_density"};
  nflow::save_archive(module, metadata, "torsions.pt");
  nflow::Model model("torsions.pt", "cpu");
  const auto report = nflow::check_flow(model, kT0, kT0, std::vector<double>(6, 0.2));
  EXPECT_GE(report.jacobian, 0.0);
  for (const double kT : temperatures) EXPECT_LT(nflow::check_steerability(model, kT0, kT), 1e-12);
}

} // namespace
