// The flows of src/architectures: exact inverse, log-det, volume preservation, steerability, and
// that a flow is the same after it is saved, loaded and frozen.
#include "architectures/flow_builder.h"
#include "architectures/ica.h"
#include "base/error.h"
#include "model/archive.h"
#include "support/flow_checks.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>
#include <sstream>

namespace {

using nflow::FlowSetting;

struct Case {
  std::string architecture;
  bool structured;
  std::string dtype;
  int64_t n, d;
  std::string activation = "tanh";
};

std::string name_of(const testing::TestParamInfo<Case> &info) {
  const auto &c = info.param;
  std::ostringstream text;
  text << c.architecture << (c.structured ? "_structured_" : "_plain_") << c.dtype << "_" << c.n
       << "x" << c.d << "_" << c.activation;
  return text.str();
}

const nflow::tests::Normals normal{11};

nflow::tests::Mapped call(torch::jit::Module module, const char *method,
                          const torch::Tensor &points, double tau) {
  return nflow::tests::call(module, method, points, {tau, tau});
}

class Flow : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    nflow::use_threads(1);
    const Case c = GetParam();
    options_.architecture = c.architecture;
    options_.set("structured", c.structured);
    options_.dtype = c.dtype;
    options_.n_atoms = c.n;
    options_.dim = c.d;
    options_.set("activation", c.activation);
    options_.set("couplings", 5); // odd, so that both orders of the halves are seen
    options_.set("hidden", 16);
    options_.temperatures = {0.6};
    flow_ = nflow::build_flow(options_);
    nflow::tests::perturb(flow_, normal, 0.2);
    // Correlated data with a mean, for the constants.
    auto data = normal({4000, c.n * c.d}, 1);
    data = data + 0.4 * data.roll(1, 1) + 0.1 * data.pow(3) + 2.0;
    nflow::initialise_from_data(flow_, options_, data.view({4000, c.n, c.d}));
    flow_.eval();
  }
  bool augmented() const { return options_.architecture == "tsf"; }
  bool single() const { return options_.dtype == "float32"; }
  int64_t coordinates() const { return options_.n_atoms * options_.dim; }
  torch::Tensor latents(int64_t count, double tau) const {
    return normal({count, augmented() ? 2 : 1, options_.n_atoms, options_.dim}, 5, std::sqrt(tau))
        .to(single() ? torch::kFloat32 : torch::kFloat64);
  }
  static double difference(const torch::Tensor &a, const torch::Tensor &b) {
    return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
  }
  /// ln|det| of d(method)/d(points) for one point, by autograd.
  double jacobian(const char *method, const torch::Tensor &point) {
    return nflow::tests::log_det_by_autograd(
        [&](const torch::Tensor &in) { return call(flow_, method, in, options_.tau()).points; },
        point);
  }

  FlowSetting options_;
  torch::jit::Module flow_;
};

TEST_P(Flow, InverseUndoesForward) {
  const auto u = latents(64, options_.tau());
  const auto forward = call(flow_, "forward", u, options_.tau());
  const auto back = call(flow_, "inverse", forward.points, options_.tau());
  const double tolerance = single() ? 2e-4 : 1e-11;
  EXPECT_EQ(forward.points.sizes(), u.sizes());
  EXPECT_EQ(forward.points.scalar_type(), u.scalar_type());
  EXPECT_EQ(forward.log_det.scalar_type(), torch::kFloat64);
  EXPECT_EQ(forward.log_det.sizes(), (std::vector<int64_t>{64}));
  EXPECT_LT(difference(back.points, u), tolerance);
  EXPECT_LT(difference(forward.log_det, -back.log_det), tolerance);
  EXPECT_GT(difference(forward.points, u), 0.1) << "the flow does something";
}

TEST_P(Flow, LogDetIsThatOfTheJacobian) {
  const auto u = latents(3, options_.tau());
  const auto forward = call(flow_, "forward", u, options_.tau());
  const auto inverse = call(flow_, "inverse", forward.points.detach(), options_.tau());
  const double tolerance = single() ? 1e-3 : 1e-10;
  for (int i = 0; i < 3; i++) {
    EXPECT_NEAR(forward.log_det[i].item<double>(), jacobian("forward", u.slice(0, i, i + 1)),
                tolerance);
    EXPECT_NEAR(inverse.log_det[i].item<double>(),
                jacobian("inverse", forward.points.detach().slice(0, i, i + 1)), tolerance);
  }
}

TEST_P(Flow, VolumeIsConstantForTsfOnly) {
  const auto log_det = call(flow_, "forward", latents(64, options_.tau()), options_.tau()).log_det;
  const double spread = (log_det.max() - log_det.min()).item<double>();
  if (augmented())
    EXPECT_EQ(spread, 0.0);
  else
    EXPECT_GT(spread, 1e-3);
}

/// ln q_tau' - (tau / tau') ln q_tau is the same for all points: TSF equation 4.
TEST_P(Flow, SteerabilityHoldsForTsfOnly) {
  const double tau = options_.tau(), other = 2.7 * options_.tau();
  const auto log_q = [&](const torch::Tensor &v, double t) {
    const auto inverse = call(flow_, "inverse", v, t);
    return inverse.points.to(torch::kFloat64).flatten(1).square().sum(1) * (-0.5 / t) +
           inverse.log_det;
  };
  const auto v = call(flow_, "forward", latents(64, tau), tau).points;
  const auto ratio = log_q(v, other) - (tau / other) * log_q(v, tau);
  const double spread = (ratio.max() - ratio.min()).item<double>();
  if (augmented())
    EXPECT_LT(spread, single() ? 1e-3 : 1e-10);
  else
    EXPECT_GT(spread, 1e-3);
}

TEST_P(Flow, SavedLoadedAndFrozenIsTheSame) {
  const auto u = latents(7, options_.tau());
  const auto v = call(flow_, "forward", u, options_.tau());
  auto metadata = nflow::flow_metadata(options_);
  const std::string file = "flow_" + name_of({GetParam(), 0}) + ".pt";
  nflow::save_archive(flow_, metadata, file);
  const auto loaded = nflow::load_archive(file, nflow::Format::model);
  EXPECT_EQ(loaded.metadata.auxiliary, augmented());
  EXPECT_EQ(loaded.metadata.steerable, augmented());
  EXPECT_EQ(nflow::weights_digest(loaded.module), nflow::weights_digest(flow_));
  const auto again = call(loaded.module, "forward", u, options_.tau());
  EXPECT_TRUE(torch::equal(again.points, v.points));
  const auto frozen =
      torch::jit::freeze(loaded.module, std::vector<std::string>{"forward", "inverse"});
  for (int repeat = 0; repeat < 3; repeat++) { // the executor optimises at the second call
    const auto cold = call(frozen, "forward", u, options_.tau());
    const double tolerance = single() ? 1e-5 : 1e-13;
    EXPECT_LT(difference(cold.points, v.points), tolerance);
    EXPECT_LT(difference(cold.log_det, v.log_det), tolerance);
    EXPECT_LT(difference(call(frozen, "inverse", cold.points, options_.tau()).points, u),
              single() ? 2e-4 : 1e-11);
  }
}

TEST_P(Flow, EveryParameterLearns) {
  const auto forward = call(flow_, "forward", latents(16, options_.tau()), options_.tau());
  const auto loss = forward.points.pow(3).sum() + forward.log_det.sum();
  std::vector<torch::Tensor> parameters;
  for (const auto &parameter : flow_.parameters()) parameters.push_back(parameter);
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, {}, false, true);
  for (size_t i = 0; i < gradients.size(); i++)
    EXPECT_TRUE(gradients[i].defined() && gradients[i].isfinite().all().item<bool>()) << i;
}

INSTANTIATE_TEST_SUITE_P(
    All, Flow,
    testing::Values(Case{"tsf", true, "float64", 5, 1}, Case{"tsf", true, "float32", 5, 1},
                    Case{"tsf", true, "float64", 3, 2}, Case{"tsf", true, "float64", 2, 3},
                    Case{"tsf", false, "float64", 5, 1}, Case{"tsf", false, "float32", 2, 2},
                    Case{"tsf", false, "float64", 3, 3, "silu"},
                    Case{"tsf", false, "float64", 1, 2, "relu"},
                    Case{"rnvp", true, "float64", 5, 1}, Case{"rnvp", true, "float32", 3, 2},
                    Case{"rnvp", false, "float64", 5, 1},
                    Case{"rnvp", false, "float64", 2, 3, "silu"},
                    Case{"rnvp", false, "float32", 1, 3}),
    name_of);

TEST(FlowBuilder, HasThePublishedNumberOfParameters) {
  FlowSetting options;
  options.set("couplings", 8);
  options.dim = 1;
  options.n_atoms = 20; // dense 64: 8 (20*64+64 + 64*40+40 + 3*12*20) and the mixing
  EXPECT_EQ(nflow::parameter_count(nflow::build_flow(options)), 8 * 4664 + 2 * 400 + 20 + 1);
  options.n_atoms = 5;
  EXPECT_EQ(nflow::parameter_count(nflow::build_flow(options)), 8 * 702 + 2 * 25 + 5 + 1);
}

TEST(FlowBuilder, DependsOnTheSeedAlone) {
  FlowSetting options;
  options.n_atoms = 4;
  options.dim = 1;
  const auto digest = nflow::weights_digest(nflow::build_flow(options));
  EXPECT_EQ(nflow::weights_digest(nflow::build_flow(options)), digest);
  options.seed = 2;
  EXPECT_NE(nflow::weights_digest(nflow::build_flow(options)), digest);
}

TEST(FlowBuilder, RefusesWhatCannotBe) {
  FlowSetting good;
  good.n_atoms = 4;
  good.dim = 1;
  auto bad = good;
  bad.architecture = "nice";
  EXPECT_THROW(nflow::build_flow(bad), nflow::Error);
  bad = good;
  bad.set("activation", "sine");
  EXPECT_THROW(nflow::build_flow(bad), nflow::Error);
  bad = good;
  bad.dim = 4;
  EXPECT_THROW(nflow::build_flow(bad), nflow::Error);
  bad = good;
  bad.architecture = "rnvp";
  bad.n_atoms = 1;
  EXPECT_THROW(nflow::build_flow(bad), nflow::Error);
  bad = good;
  bad.set("couplings", 0);
  EXPECT_THROW(nflow::build_flow(bad), nflow::Error);
  auto flow = nflow::build_flow(good);
  EXPECT_THROW(nflow::initialise_from_data(flow, good, torch::ones({100, 4, 1})), nflow::Error);
}

TEST(Ica, FindsTheComponents) {
  // Two-humped components, mixed by a known matrix: the product of unmixing and mixing must be a
  // permutation up to signs and scales.
  auto sources = normal({20000, 4}, 3);
  sources = sources.sign() + 0.3 * normal({20000, 4}, 4);
  const auto mixing = normal({4, 4}, 8);
  const auto x = torch::mm(sources - sources.mean(0), mixing.t());
  const auto found = nflow::independent_components(x, 1);
  auto product = torch::mm(torch::inverse(found), mixing).abs();
  product = product / std::get<0>(product.max(1, true));
  // In every row one entry is 1, all others are small.
  EXPECT_LT((product.sum(1) - 1.0).max().item<double>(), 0.1);
  const auto whitened = torch::mm(x, torch::inverse(found).t());
  const auto covariance = torch::mm(whitened.t(), whitened) / 20000.0;
  EXPECT_LT((covariance - torch::eye(4, torch::kFloat64)).abs().max().item<double>(), 1e-8);
}

} // namespace
