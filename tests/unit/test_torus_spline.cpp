// The flow torus-spline: exact inverse, log-det, symmetries, smoothness on the torus, gradients in
// both directions, and that a file of it passes the checks of the contract.
#include "architectures/flow_builder.h"
#include "base/error.h"
#include "base/random.h"
#include "model/archive.h"
#include "model/checks.h"
#include "support/flow_checks.h"

#include <gtest/gtest.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cmath>

namespace {

using nflow::FlowSetting;
using nflow::tests::largest_difference;

torch::Tensor uniform(at::IntArrayRef shape, uint32_t number) {
  auto values = torch::empty(shape, torch::kFloat64);
  nflow::RandomStream stream(12, number, 0, nflow::Purpose::check);
  for (int64_t i = 0; i < values.numel(); i++) values.data_ptr<double>()[i] = stream.uniform();
  return values;
}

const nflow::tests::Normals normal{13};

void start_tests() {
  nflow::use_threads(1);
  torch::jit::setGraphExecutorOptimize(false); // compiling would take longer than the tests
}

nflow::tests::Mapped call(torch::jit::Module module, const char *method,
                          const torch::Tensor &points) {
  return nflow::tests::call(module, method, points, {1.0, 0.7});
}

FlowSetting options_of(int64_t n, int64_t d) {
  FlowSetting options;
  options.architecture = "torus-spline";
  options.n_atoms = n;
  options.dim = d;
  for (int64_t i = 0; i < n; i++) options.types.push_back(i % 3 == 2 ? 4 : 1);
  options.box = {6.0, 7.5, 5.25};
  options.box.resize(d);
  options.temperatures = {1.0, 0.7};
  options.set("couplings", 5); // neither a multiple of 2 nor of 3
  options.set("hidden", 8);
  options.set("bins", 5);
  return options;
}

struct Case {
  int64_t n, d;
  std::string dtype;
};

class Torus : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    start_tests();
    options_ = options_of(GetParam().n, GetParam().d);
    options_.dtype = GetParam().dtype;
    flow_ = nflow::build_flow(options_);
    nflow::tests::perturb(flow_, normal, 0.25);
    flow_.eval();
    box_ = torch::tensor(options_.box, torch::kFloat64);
  }
  bool single() const { return options_.dtype == "float32"; }
  /// Positions in three images of the box.
  torch::Tensor points(int64_t count, uint32_t number = 5) const {
    const auto x = uniform({count, 1, options_.n_atoms, options_.dim}, number);
    return ((3.0 * x - 1.0) * box_).to(single() ? torch::kFloat32 : torch::kFloat64);
  }
  /// Largest distance modulo the box, in units of the box.
  double distance(const torch::Tensor &a, const torch::Tensor &b) const {
    const auto x = (a.to(torch::kFloat64) - b.to(torch::kFloat64)) / box_;
    return (x - x.round()).abs().max().item<double>();
  }
  auto map() const {
    return [this](const char *method, const torch::Tensor &u) { return call(flow_, method, u); };
  }

  FlowSetting options_;
  torch::jit::Module flow_;
  torch::Tensor box_;
};

TEST_P(Torus, InverseUndoesForwardAndForwardInverse) {
  const auto u = points(64);
  nflow::tests::expect_inverses(
      map(), u, [&](const torch::Tensor &a, const torch::Tensor &b) { return distance(a, b); },
      {single() ? 2e-4 : 1e-12, single() ? 5e-3 : 1e-10}, 0.03);
  for (const char *method : {"forward", "inverse"})
    EXPECT_GT(map()(method, u).log_det.std().item<double>(), 0.1) << "the volume changes";
}

TEST_P(Torus, LogDetIsThatOfTheJacobian) {
  nflow::tests::expect_log_dets(map(), points(3), single() ? 5e-3 : 1e-10);
}

TEST_P(Torus, PermutingAtomsOfASpeciesPermutesTheResult) {
  std::vector<int64_t> order; // atoms 2, 5, .. are of the other species and stay
  for (int64_t i = 0; i < options_.n_atoms; i++)
    order.push_back(i % 3 == 2 ? i : i % 3 == 1 ? i - 1 : i + 1);
  order.back() = std::min(order.back(), options_.n_atoms - 1);
  const auto permutation = torch::tensor(order);
  const auto u = points(8);
  for (const char *method : {"forward", "inverse"}) {
    const auto straight = call(flow_, method, u);
    const auto permuted = call(flow_, method, u.index_select(2, permutation));
    EXPECT_LT(distance(permuted.points, straight.points.index_select(2, permutation)),
              single() ? 1e-5 : 1e-12);
    EXPECT_LT(largest_difference(permuted.log_det, straight.log_det), single() ? 1e-3 : 1e-11);
  }
  // Atoms 1 and 2 are of different species: exchanging them is no symmetry.
  if (options_.n_atoms < 3) return;
  auto wrong = torch::arange(options_.n_atoms);
  wrong.slice(0, 1, 3).copy_(wrong.slice(0, 1, 3).flip(0));
  EXPECT_GT(distance(call(flow_, "forward", u.index_select(2, wrong)).points,
                     call(flow_, "forward", u).points.index_select(2, wrong)),
            1e-3);
}

TEST_P(Torus, KnowsTheBoxAndKeepsTheImage) {
  const auto u = points(8);
  auto images = torch::zeros_like(u);
  images.select(2, 0).fill_(1.0);
  images.select(2, options_.n_atoms - 1).select(2, 1).fill_(-2.0);
  const auto shift = (images * box_).to(u.scalar_type());
  for (const char *method : {"forward", "inverse"}) {
    const auto here = call(flow_, method, u), there = call(flow_, method, u + shift);
    EXPECT_LT(distance(there.points, here.points), single() ? 1e-4 : 1e-12);
    EXPECT_LT(largest_difference(there.points, here.points + shift), single() ? 1e-3 : 1e-11);
    EXPECT_LT(largest_difference(there.log_det, here.log_det), single() ? 5e-3 : 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Torus,
                         testing::Values(Case{8, 2, "float64"}, Case{7, 3, "float64"},
                                         Case{1, 2, "float64"}, Case{6, 2, "float32"}),
                         [](const auto &info) {
                           return std::to_string(info.param.n) + "x" +
                                  std::to_string(info.param.d) + "_" + info.param.dtype;
                         });

class SmallTorus : public testing::Test {
 protected:
  void SetUp() override {
    start_tests();
    options_ = options_of(4, 2);
    flow_ = nflow::build_flow(options_);
    nflow::tests::perturb(flow_, normal, 0.25);
    flow_.eval();
  }
  torch::Tensor points(int64_t count, uint32_t number = 5) const {
    return uniform({count, 1, 4, 2}, number) * torch::tensor(options_.box, torch::kFloat64);
  }
  FlowSetting options_;
  torch::jit::Module flow_;
};

/// Largest changes between neighbours on a grid of `count` points, on which atom 0 goes along x
/// across both edges of the box and every knot.
struct Jumps {
  double value, slope, log_det, slope_error;
};

Jumps jumps(torch::jit::Module flow, const char *method, const torch::Tensor &start, double length,
            int64_t count) {
  auto u = start.repeat({count, 1, 1, 1});
  u.select(3, 0).select(2, 0).copy_(
      torch::linspace(-0.1 * length, 1.1 * length, count, torch::kFloat64).unsqueeze(1));
  u.set_requires_grad(true);
  const auto mapped = call(flow, method, u);
  const auto value = (mapped.points * normal({1, 1, 4, 2}, 3, 1.0)).sum({1, 2, 3});
  const auto gradient = torch::autograd::grad({value.sum()}, {u}, {}, true)[0];
  const auto slope = gradient.select(3, 0).select(2, 0).flatten();
  const auto largest = [](const torch::Tensor &x) { return x.abs().max().item<double>(); };
  const auto step = [](const torch::Tensor &x) { return x.detach().diff(); };
  const double spacing = 1.2 * length / static_cast<double>(count - 1);
  const auto middle = 0.5 * (slope.slice(0, 1) + slope.slice(0, 0, count - 1));
  return {largest(step(value)), largest(step(slope)), largest(step(mapped.log_det)),
          largest(step(value) / spacing - middle)};
}

TEST_F(SmallTorus, IsContinuousWithItsDerivativeAllAround) {
  options_.set("couplings",
               2); // the coordinate that moves is mapped, then it is what others depend on
  auto flow = nflow::build_flow(options_);
  nflow::tests::perturb(flow, normal, 0.25);
  for (const char *method : {"forward", "inverse"}) {
    const auto coarse = jumps(flow, method, points(1), options_.box[0], 3001);
    const auto fine = jumps(flow, method, points(1), options_.box[0], 12001);
    // A step anywhere would stay as high on the finer grid.
    EXPECT_LT(fine.value, 0.3 * coarse.value) << method;
    EXPECT_LT(fine.slope, 0.3 * coarse.slope) << method;
    EXPECT_LT(fine.log_det, 0.3 * coarse.log_det) << method;
    EXPECT_LT(fine.slope_error, 0.3 * coarse.slope_error) << method;
    EXPECT_LT(fine.slope_error, 0.02) << method;
  }
}

/// d(loss)/d(parameter), loss a mixture of points and log-dets, by autograd and by differences
/// along random directions, parameter by parameter.
TEST_F(SmallTorus, GradientsOfParametersAgreeWithDifferences) {
  const auto u = points(6);
  const auto weights = normal({1, 1, 4, 2}, 4, 1.0);
  for (const char *method : {"forward", "inverse"}) {
    const auto loss = [&] {
      const auto mapped = call(flow_, method, u);
      return (mapped.points * weights).sin().sum() + mapped.log_det.sum();
    };
    nflow::tests::expect_gradients_agree(flow_, loss, method);
  }
}

/// Without perturbation of raw bins, knots are at multiples of L / bins: points exactly on them, on
/// the edges of the box and in one place must give neither NaN nor another slope.
TEST_F(SmallTorus, PointsOnKnotsHaveGradients) {
  options_.set("bins", 4);
  options_.box = {8.0, 4.0};
  auto flow = nflow::build_flow(options_);
  {
    torch::NoGradGuard no_gradient;
    for (const auto &parameter : flow.named_parameters())
      if (parameter.name.find("seam") != std::string::npos ||
          parameter.name.find("weight_out") != std::string::npos)
        parameter.value.detach().zero_();
  }
  auto u = torch::tensor({0.0, 0.0, 2.0, 1.0, 8.0, 4.0, -8.0, 2.0}, torch::kFloat64)
               .view({1, 1, 4, 2})
               .set_requires_grad(true);
  for (const char *method : {"forward", "inverse"}) {
    const auto mapped = call(flow, method, u);
    EXPECT_TRUE(torch::allclose(mapped.points, u, 0.0, 1e-14)) << "zero weights: the identity";
    EXPECT_NEAR(mapped.log_det.item<double>(), 0.0, 1e-13);
    std::vector<torch::Tensor> inputs{u};
    for (const auto &parameter : flow.parameters()) inputs.push_back(parameter);
    const auto loss = mapped.points.pow(3).sum() + mapped.log_det.sum();
    const auto gradients = torch::autograd::grad({loss}, inputs);
    for (const auto &gradient : gradients)
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << method;
    EXPECT_TRUE(torch::allclose(gradients[0], 3.0 * u.square(), 1e-12, 1e-12)) << method;
  }
}

TEST(TorusSpline, StartsNearTheIdentityAndDependsOnTheSeed) {
  auto options = options_of(43, 2);
  options.set("couplings", 12);
  options.set("hidden", 0);
  options.set("bins", 16);
  const auto flow = nflow::build_flow(options);
  const auto u = uniform({4, 1, 43, 2}, 1) * torch::tensor(options.box, torch::kFloat64);
  const auto v = call(flow, "forward", u);
  const double moved = (v.points - u).abs().max().item<double>();
  EXPECT_LT(moved, 0.02);
  EXPECT_GT(moved, 0.0);
  EXPECT_LT(v.log_det.abs().max().item<double>(), 0.1);
  const auto digest = nflow::weights_digest(flow);
  EXPECT_EQ(nflow::weights_digest(nflow::build_flow(options)), digest);
  options.seed = 2;
  EXPECT_NE(nflow::weights_digest(nflow::build_flow(options)), digest);
}

TEST(TorusSpline, IsOfTheContract) {
  nflow::use_threads(1);
  torch::jit::setGraphExecutorOptimize(true); // or freezing would not inline
  for (const char *dtype : {"float64", "float32"})
    for (const int64_t d : {2, 3}) {
      auto options = options_of(9, d);
      options.dtype = dtype;
      auto flow = nflow::build_flow(options);
      nflow::tests::perturb(flow, normal, 0.1);
      const auto metadata = nflow::flow_metadata(options);
      const std::string file = "torus_" + std::string(dtype) + std::to_string(d) + ".pt";
      nflow::save_archive(flow, metadata, file);
      nflow::Model model(file, "cpu");
      EXPECT_EQ(model.metadata().architecture, "torus-spline");
      EXPECT_FALSE(model.metadata().auxiliary);
      const auto target =
          (uniform({2, 1, 9, d}, 9) * torch::tensor(options.box, torch::kFloat64)).contiguous();
      const std::vector<double> points(target.data_ptr<double>(),
                                       target.data_ptr<double>() + target.numel());
      const auto report = nflow::check_flow(model, 1.0, 0.7, points);
      EXPECT_GE(report.jacobian, 0.0);
      EXPECT_GE(report.derivative, 0.0);
      EXPECT_LT(report.round_trip, options.dtype == "float64" ? 1e-11 : 1e-3);
      const auto loaded = nflow::load_archive(file, nflow::Format::model);
      const auto u = target.to(flow.attr("box").toTensor().dtype());
      EXPECT_TRUE(
          torch::equal(call(loaded.module, "forward", u).points, call(flow, "forward", u).points));
    }
}

void expect_refused(const FlowSetting &options, const std::string &words) {
  try {
    nflow::build_flow(options);
    ADD_FAILURE() << "not refused: " << words;
  } catch (const nflow::Error &error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

TEST(TorusSpline, RefusesWhatCannotBe) {
  const auto good = options_of(4, 2);
  auto bad = good;
  bad.set("couplings", 0);
  expect_refused(bad, "at least 1 coupling");
  bad = good;
  bad.set("bins", 1);
  expect_refused(bad, "at least 2 bins");
  bad = good;
  bad.set("hidden", 6);
  expect_refused(bad, "multiple");
  bad = good;
  bad.set("depth", 0);
  expect_refused(bad, "--depth");
  bad = good;
  bad.dim = 1;
  bad.box = {6.0};
  expect_refused(bad, "2 or 3 components");
  bad = good;
  bad.box = {6.0, 0.0};
  expect_refused(bad, "lengths of the box");
  bad = good;
  bad.box = {6.0};
  expect_refused(bad, "periodic box");
  bad = good;
  bad.types.pop_back();
  expect_refused(bad, "types of all atoms");
  bad = good;
  bad.temperatures = {1.0, 0.7, 0.5};
  expect_refused(bad, "one pair");
  bad.temperatures = {1.0, 1.0};
  expect_refused(bad, "must differ");
}

} // namespace
