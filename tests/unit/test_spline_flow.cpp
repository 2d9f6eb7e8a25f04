// The flow spline: exact inverse, log-det, linear tails, what it leaves alone, smoothness,
// gradients in both directions, and that a file of it passes the checks of the contract.
#include "architectures/flow_builder.h"
#include "architectures/spline_start.h"
#include "base/error.h"
#include "model/archive.h"
#include "model/checks.h"
#include "support/flow_checks.h"

#include <gtest/gtest.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cmath>

namespace {

using nflow::FlowSetting;
using nflow::SplineStart;
using nflow::tests::largest_difference;

const nflow::tests::Normals normal{14};

nflow::tests::Mapped call(torch::jit::Module module, const char *method,
                          const torch::Tensor &points) {
  return nflow::tests::call(module, method, points, {5.0, 1.0});
}

SplineStart &start_of(FlowSetting &setting) {
  return std::any_cast<SplineStart &>(setting.start);
}

/// n atoms with d components, of which these coordinates are active.
FlowSetting options_of(int64_t n, int64_t d, std::vector<int64_t> active) {
  FlowSetting options;
  options.architecture = "spline";
  options.n_atoms = n;
  options.dim = d;
  options.types.assign(n, 1);
  options.temperatures = {5.0, 1.0};
  options.set("couplings", 5); // neither a multiple of 2 nor of 4
  options.set("hidden", 8);
  options.set("bins", 5);
  options.set("activation", "silu");
  SplineStart start;
  for (int64_t i = 0; i < n * d; i++) {
    start.origin.push_back(0.1 * static_cast<double>(i));
    start.centre.push_back(-0.2 * static_cast<double>(i));
    start.unit.push_back(0.5);
    start.pace.push_back(i % 2 == 0 ? 1.0 : 0.3);
    start.scale.push_back(0.4 + 0.05 * static_cast<double>(i));
  }
  start.active = std::move(active);
  for (const int64_t i : start.active) {
    start.middle.push_back(start.centre[i] + 0.1);
    start.bound.push_back(2.0);
  }
  options.start = start;
  return options;
}

struct Case {
  int64_t n, d;
  std::vector<int64_t> active;
  std::string dtype;
};

class Spline : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    nflow::use_threads(1);
    torch::jit::setGraphExecutorOptimize(false); // compiling would take longer than the tests
    options_ = options_of(GetParam().n, GetParam().d, GetParam().active);
    options_.dtype = GetParam().dtype;
    flow_ = nflow::build_flow(options_);
    nflow::tests::perturb(flow_, normal, 0.15);
    flow_.eval();
  }
  bool single() const { return options_.dtype == "float32"; }
  torch::ScalarType type() const { return single() ? torch::kFloat32 : torch::kFloat64; }
  int64_t size() const { return options_.n_atoms * options_.dim; }
  /// Inside the splines and beyond them.
  torch::Tensor points(int64_t count, double sigma = 3.0) const {
    return normal({count, 1, options_.n_atoms, options_.dim}, 5, sigma).to(type());
  }
  auto map() const {
    return [this](const char *method, const torch::Tensor &u) { return call(flow_, method, u); };
  }

  FlowSetting options_;
  torch::jit::Module flow_;
};

TEST_P(Spline, InverseUndoesForwardAndForwardInverse) {
  const auto u = points(256);
  nflow::tests::expect_inverses(map(), u, nflow::tests::largest_difference,
                                {single() ? 5e-4 : 2e-10, single() ? 5e-3 : 1e-9}, 0.1);
  if (start_of(options_).active.empty()) return;
  for (const char *method : {"forward", "inverse"})
    EXPECT_GT(map()(method, u).log_det.std().item<double>(), 0.1) << "the volume changes";
}

TEST_P(Spline, LogDetIsThatOfTheJacobian) {
  nflow::tests::expect_log_dets(map(), points(4, 1.0), single() ? 5e-3 : 1e-10);
}

TEST_P(Spline, APointIsMappedTheSameAloneAndInABatch) {
  const auto u = points(32);
  for (const char *method : {"forward", "inverse"}) {
    const auto batch = call(flow_, method, u), one = call(flow_, method, u.slice(0, 7, 8));
    EXPECT_LT(largest_difference(batch.points.slice(0, 7, 8), one.points), single() ? 1e-5 : 1e-13);
    EXPECT_LT(largest_difference(batch.log_det.slice(0, 7, 8), one.log_det),
              single() ? 1e-4 : 1e-12);
  }
}

/// What is passive is scaled and shifted only, and nothing depends on it.
TEST_P(Spline, OnlyActiveCoordinatesAreMappedByTheSplines) {
  const auto u = points(16, 1.0);
  auto passive = torch::ones({size()}, torch::kBool);
  for (const int64_t i : start_of(options_).active) passive[i] = false;
  const auto mapped = call(flow_, "forward", u);
  const auto at = [&](const char *name) { return flow_.attr(name).toTensor(); };
  const auto line =
      at("centre") + at("unit") * at("pace") * at("shift") +
      torch::exp(at("log_start") + at("pace") * at("gain")) * (u.flatten(1) - at("origin"));
  const auto apart = (mapped.points.flatten(1) - line).abs();
  if (passive.any().item<bool>()) {
    EXPECT_LT(apart.index({torch::indexing::Slice(), passive}).max().item<double>(),
              single() ? 1e-5 : 1e-14);
    auto changed = u.clone();
    changed.flatten(1).index_put_({torch::indexing::Slice(), passive}, 9.0);
    const auto other = call(flow_, "forward", changed);
    EXPECT_EQ(largest_difference(other.log_det, mapped.log_det), 0.0);
  }
  for (const int64_t i : start_of(options_).active)
    EXPECT_GT(apart.select(1, i).max().item<double>(), 1e-2) << i;
}

/// A point whose active coordinates are all beyond the splines is mapped linearly, to the last bit
/// but rounding, and the log-det is that of the scales.
TEST_P(Spline, TailsAreLinear) {
  const auto far = 40.0 * torch::sign(points(16)) + points(16);
  const auto at = [&](const char *name) { return flow_.attr(name).toTensor(); };
  const auto mapped = call(flow_, "forward", far);
  const auto line =
      at("centre") + at("unit") * at("pace") * at("shift") +
      torch::exp(at("log_start") + at("pace") * at("gain")) * (far.flatten(1) - at("origin"));
  EXPECT_LT(largest_difference(mapped.points.flatten(1), line), single() ? 2e-5 : 4e-14);
  const double scales =
      (at("log_start") + at("pace") * at("gain")).to(torch::kFloat64).sum().item<double>();
  EXPECT_LT((mapped.log_det - scales).abs().max().item<double>(), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(
    All, Spline,
    testing::Values(Case{6, 1, {0, 1}, "float64"}, Case{2, 3, {0, 2, 3, 4, 5}, "float64"},
                    Case{3, 2, {4}, "float64"}, Case{2, 2, {}, "float64"},
                    Case{1, 3, {0, 1, 2}, "float64"}, Case{1, 1, {0}, "float64"},
                    Case{6, 1, {1, 4}, "float32"}, Case{2, 3, {0, 1, 4}, "float32"}),
    [](const auto &info) {
      return std::to_string(info.param.n) + "x" + std::to_string(info.param.d) + "_" +
             std::to_string(info.param.active.size()) + "_active_" + info.param.dtype;
    });

/// Along a line through both ends of a spline and all its knots: value, slope and log-det of finer
/// grids jump less.
TEST(SplineFlow, IsContinuousWithItsDerivative) {
  torch::jit::setGraphExecutorOptimize(false);
  auto options = options_of(2, 1, {0, 1});
  options.set("couplings", 2);
  auto flow = nflow::build_flow(options);
  nflow::tests::perturb(flow, normal, 0.3);
  const auto largest = [](const torch::Tensor &x) { return x.abs().max().item<double>(); };
  for (const char *method : {"forward", "inverse"}) {
    std::vector<double> slopes, log_dets;
    for (const int64_t count : {3001, 12001}) {
      auto u = torch::full({count, 1, 2, 1}, 0.3, torch::kFloat64);
      u.select(2, 0).copy_(torch::linspace(-9.0, 9.0, count, torch::kFloat64).view({count, 1, 1}));
      u.set_requires_grad(true);
      const auto mapped = call(flow, method, u);
      const auto value = mapped.points.select(2, 0).sum() + 0.7 * mapped.points.select(2, 1).sum();
      const auto gradient = torch::autograd::grad({value}, {u}, {}, true)[0].select(2, 0).flatten();
      slopes.push_back(largest(gradient.diff()));
      log_dets.push_back(largest(mapped.log_det.detach().diff()));
    }
    EXPECT_LT(slopes[1], 0.35 * slopes[0]) << method;
    EXPECT_LT(log_dets[1], 0.35 * log_dets[0]) << method;
  }
}

/// d(loss)/d(parameter), loss a mixture of points and log-dets, by autograd and by differences.
TEST(SplineFlow, GradientsOfParametersAgreeWithDifferences) {
  torch::jit::setGraphExecutorOptimize(false);
  auto flow = nflow::build_flow(options_of(3, 1, {0, 2}));
  nflow::tests::perturb(flow, normal, 0.3);
  const auto u = normal({6, 1, 3, 1}, 3, 1.0), weights = normal({1, 1, 3, 1}, 4, 1.0);
  for (const char *method : {"forward", "inverse"}) {
    const auto loss = [&] {
      const auto mapped = call(flow, method, u);
      return (mapped.points * weights).sin().sum() + mapped.log_det.sum();
    };
    nflow::tests::expect_gradients_agree(flow, loss, method);
  }
}

TEST(SplineFlow, StartsAsTheScaleAloneWithFiniteGradients) {
  torch::jit::setGraphExecutorOptimize(false);
  auto options = options_of(4, 1, {0, 1});
  const auto flow = nflow::build_flow(options);
  // Also exactly on the ends of the splines and on the knots between equal bins.
  auto u = normal({64, 1, 4, 1}, 1, 2.0);
  const auto &start = start_of(options);
  for (int k = 0; k <= 10; k++)
    for (int64_t i = 0; i < 2; i++)
      u[k][0][i][0] =
          start.origin[i] +
          (start.middle[i] + start.bound[i] * (0.2 * k - 1.0) - start.centre[i]) / start.scale[i];
  u.set_requires_grad(true);
  const auto mapped = call(flow, "forward", u);
  const auto tensor = [](const std::vector<double> &x) {
    return torch::tensor(x, torch::kFloat64).view({1, 1, 4, 1});
  };
  const auto line = tensor(start.centre) + tensor(start.scale) * (u - tensor(start.origin));
  EXPECT_LT((mapped.points - line).abs().max().item<double>(), 1e-13);
  std::vector<torch::Tensor> inputs{u};
  for (const auto &parameter : flow.parameters()) inputs.push_back(parameter);
  const auto gradients = torch::autograd::grad({mapped.points.pow(3).sum() + mapped.log_det.sum()},
                                               inputs, {}, c10::nullopt, false, true);
  for (const auto &gradient : gradients)
    EXPECT_TRUE(!gradient.defined() || gradient.isfinite().all().item<bool>());
}

TEST(SplineFlow, HasThePublishedSizeForTheDoubleWell) {
  auto options = options_of(64, 1, {0, 1});
  options.set("couplings", 4);
  options.set("hidden", 0);
  options.set("bins", 16);
  EXPECT_EQ(nflow::parameter_count(nflow::build_flow(options)), 7420);
}

TEST(SplineFlow, IsOfTheContract) {
  nflow::use_threads(1);
  torch::jit::setGraphExecutorOptimize(true); // or freezing would not inline
  for (const char *dtype : {"float64", "float32"}) {
    auto options = options_of(5, 2, {0, 3, 4, 9});
    options.dtype = dtype;
    auto flow = nflow::build_flow(options);
    nflow::tests::perturb(flow, normal, 0.2);
    const auto metadata = nflow::flow_metadata(options);
    const std::string file = "spline_" + std::string(dtype) + ".pt";
    nflow::save_archive(flow, metadata, file);
    nflow::Model model(file, "cpu");
    EXPECT_EQ(model.metadata().architecture, "spline");
    EXPECT_FALSE(model.metadata().periodic);
    EXPECT_FALSE(model.metadata().box.has_value());
    EXPECT_FALSE(model.metadata().auxiliary);
    EXPECT_EQ(model.metadata().prior, nflow::Prior::boltzmann);
    const auto target = normal({2, 1, 5, 2}, 9, 1.0);
    const auto report = nflow::check_flow(
        model, 5.0, 1.0, {target.data_ptr<double>(), target.data_ptr<double>() + target.numel()});
    EXPECT_GE(report.jacobian, 0.0);
    EXPECT_GE(report.derivative, 0.0);
  }
}

std::string complaint(const FlowSetting &options) {
  try {
    nflow::build_flow(options);
  } catch (const nflow::Error &e) {
    return e.what();
  }
  return "";
}

TEST(SplineFlow, ImpossibleOptionsGetASentence) {
  const auto expect = [](auto change, const std::string &part) {
    auto options = options_of(3, 1, {0, 1});
    change(options);
    EXPECT_NE(complaint(options).find(part), std::string::npos) << complaint(options);
  };
  EXPECT_EQ(complaint(options_of(3, 1, {0, 1})), "");
  expect([](auto &o) { start_of(o).active = {0, 3}; }, "--active must list");
  expect([](auto &o) { start_of(o).active = {1, 1}; }, "--active must list");
  expect([](auto &o) { o.set("bins", 1); }, "at least 2 bins");
  expect([](auto &o) { o.box = {3.0}; }, "open systems");
  expect([](auto &o) { o.temperatures.push_back(0.5); }, "one pair of temperatures");
  expect([](auto &o) { start_of(o).scale[1] = -1.0; }, "must be positive");
  expect([](auto &o) { start_of(o).bound.pop_back(); }, "a middle and a bound");
}

} // namespace
