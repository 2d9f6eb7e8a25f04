// nflow::coupling_flow: against the TorchScript that it replaces, in values, log-dets and
// gradients, for every form that the architectures offer; on every instruction set of this
// processor; by tensor operations, as on a GPU; and what it refuses.
#include "architectures/flow_builder.h"
#include "architectures/spline_start.h"
#include "model/frozen_module.h"
#include "model/threads.h"
#include "operators/coupling_arguments.h"
#include "operators/coupling_flow.h"
#include "operators/operators.h"
#include "support/flow_checks.h"

#include <gtest/gtest.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <ATen/core/dispatch/Dispatcher.h>

#include <cmath>
#include <functional>
#include <sstream>

namespace {

using nflow::FlowSetting;
using nflow::tests::Mapped;
using torch::Tensor;

const nflow::tests::Normals normal{15};

struct Case {
  std::string architecture;
  bool structured;
  std::string activation, dtype;
  int64_t n, d;
  int64_t hidden = 16, couplings = 5;
};

std::string name_of(const testing::TestParamInfo<Case> &info) {
  const auto &c = info.param;
  std::ostringstream text;
  text << c.architecture << (c.structured ? "_structured_" : "_plain_") << c.activation << "_"
       << c.dtype << "_" << c.n << "x" << c.d << "_" << c.hidden << "_" << c.couplings;
  return text.str();
}

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.architecture;
}

FlowSetting setting_of(const Case &c, bool by_operator) {
  FlowSetting o;
  o.architecture = c.architecture;
  o.dtype = c.dtype;
  o.n_atoms = c.n;
  o.dim = c.d;
  o.set("activation", c.activation);
  o.set("couplings", c.couplings);
  o.set("hidden", c.hidden);
  o.set("operator", by_operator);
  o.temperatures = {0.6};
  if (c.architecture != "spline") {
    o.set("structured", c.structured);
    return o;
  }
  o.types.assign(c.n, 1);
  o.temperatures = {2.0, 1.0};
  o.set("bins", int64_t(7));
  nflow::SplineStart start;
  for (int64_t i = 0; i < c.n * c.d; i++) {
    start.origin.push_back(0.1 * static_cast<double>(i));
    start.centre.push_back(-0.2 * static_cast<double>(i));
    start.unit.push_back(0.5);
    start.pace.push_back(i % 2 == 0 ? 1.0 : 0.3);
    start.scale.push_back(0.4 + 0.05 * static_cast<double>(i));
    if (!c.structured && i % 2 == 0) continue; // "plain": some coordinates are not active
    start.active.push_back(i);
    start.middle.push_back(start.centre[i] + 0.1);
    start.bound.push_back(1.2);
  }
  o.start = start;
  return o;
}

torch::jit::Module flow_of(const Case &c, bool by_operator) {
  const FlowSetting o = setting_of(c, by_operator);
  auto flow = nflow::build_flow(o);
  nflow::tests::perturb(flow, normal, 0.2);
  if (c.architecture != "spline") {
    auto data = normal({1000, c.n * c.d}, 1);
    data = data + 0.4 * data.roll(1, 1) + 0.1 * data.pow(3) + 2.0;
    nflow::initialise_from_data(flow, o, data.view({1000, c.n, c.d}));
  }
  return flow;
}

/// By the largest of the wanted numbers, or 1.
double difference(const Tensor &got, const Tensor &wanted) {
  const Tensor w = wanted.to(torch::kFloat64), g = got.to(torch::kFloat64);
  if (w.numel() == 0) return g.numel() == 0 ? 0.0 : INFINITY;
  return (g - w).abs().max().item<double>() / std::max(1.0, w.abs().max().item<double>());
}

Mapped call(torch::jit::Module flow, const char *method, const Tensor &points) {
  return nflow::tests::call(flow, method, points, {0.6, 0.6});
}

class CouplingFlow : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    nflow::use_threads(1);
    torch::jit::setGraphExecutorOptimize(false); // compiling would take longer than the tests
    native_ = flow_of(GetParam(), true);
    portable_ = flow_of(GetParam(), false);
  }
  void TearDown() override { torch::jit::setGraphExecutorOptimize(true); }
  bool single() const { return GetParam().dtype == "float32"; }
  Tensor points(int64_t count) const {
    const Case &c = GetParam();
    return (0.7 * normal({count, c.architecture == "tsf" ? 2 : 1, c.n, c.d}, 5))
        .to(single() ? torch::kFloat32 : torch::kFloat64);
  }
  /// Points, then the parameters that the loss depends on, by both flows.
  void compare_gradients(const char *method) {
    const Tensor in = points(37);
    const Tensor by_point = normal(in.sizes(), 6), by_log_det = normal({in.size(0)}, 7);
    const auto gradients = [&](torch::jit::Module flow) {
      std::vector<Tensor> inputs{in.detach().clone().requires_grad_(true)};
      for (const auto &parameter : flow.parameters()) inputs.push_back(parameter);
      const auto mapped = call(flow, method, inputs[0]);
      return torch::autograd::grad(
          {(mapped.points * by_point).sum() + (mapped.log_det * by_log_det).sum()}, inputs, {}, {},
          false, true);
    };
    const auto got = gradients(native_), wanted = gradients(portable_);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); i++) {
      ASSERT_EQ(got[i].defined(), wanted[i].defined()) << i;
      if (!got[i].defined()) continue;
      EXPECT_LT(difference(got[i], wanted[i]), single() ? 2e-4 : 1e-9) << method << ", input " << i;
    }
  }

  torch::jit::Module native_, portable_;
};

TEST_P(CouplingFlow, ValuesAreThoseOfTorchScript) {
  const torch::NoGradGuard no_gradient;
  for (const char *method : {"forward", "inverse"})
    for (const int64_t count : {1, 2, 37}) {
      const Tensor in = points(count);
      const auto got = call(native_, method, in), wanted = call(portable_, method, in);
      ASSERT_EQ(got.points.sizes(), in.sizes());
      ASSERT_EQ(got.points.scalar_type(), in.scalar_type());
      ASSERT_EQ(got.log_det.scalar_type(), torch::kFloat64);
      EXPECT_LT(difference(got.points, wanted.points), single() ? 3e-5 : 1e-12) << method;
      EXPECT_LT(difference(got.log_det, wanted.log_det), single() ? 3e-5 : 1e-12) << method;
    }
}

TEST_P(CouplingFlow, GradientsAreThoseOfTorchScript) {
  compare_gradients("forward");
  compare_gradients("inverse");
}

/// What becomes of a point does not depend on the others of its batch, so that decisions do not
/// depend on how many attempts are prepared at a time.
TEST_P(CouplingFlow, APointIsMappedAloneToTheBit) {
  const torch::NoGradGuard no_gradient;
  for (const char *method : {"forward", "inverse"}) {
    const Tensor in = points(23);
    const auto all = call(native_, method, in);
    for (int64_t b = 0; b < in.size(0); b++) {
      const auto one = call(native_, method, in.slice(0, b, b + 1));
      ASSERT_TRUE(torch::equal(one.points[0], all.points[b])) << b;
      ASSERT_TRUE(torch::equal(one.log_det[0], all.log_det[b])) << b;
    }
  }
}

/// Frozen, nothing is computed beside the operator.
TEST_P(CouplingFlow, FrozenItIsOneOperator) {
  native_.eval();
  torch::jit::setGraphExecutorOptimize(true);
  const auto frozen = nflow::frozen_module(native_, {"forward", "inverse"}, torch::kCPU);
  for (const char *method : {"forward", "inverse"}) {
    int operators = 0;
    for (const auto *node : frozen.get_method(method).graph()->nodes())
      operators += node->kind().is_prim() ? 0 : 1;
    EXPECT_EQ(operators, 1) << *frozen.get_method(method).graph();
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, CouplingFlow,
                         testing::Values(Case{"tsf", true, "tanh", "float64", 5, 1},
                                         Case{"tsf", true, "tanh", "float64", 20, 1, 64, 12},
                                         Case{"tsf", true, "silu", "float64", 3, 3},
                                         Case{"tsf", true, "relu", "float64", 1, 1, 3},
                                         Case{"tsf", false, "tanh", "float64", 7, 2, 19},
                                         Case{"tsf", false, "silu", "float64", 5, 1},
                                         Case{"tsf", false, "relu", "float64", 5, 1},
                                         Case{"tsf", true, "tanh", "float32", 11, 1},
                                         Case{"tsf", false, "silu", "float32", 4, 3},
                                         Case{"rnvp", true, "tanh", "float64", 7, 1},
                                         Case{"rnvp", true, "silu", "float64", 2, 1},
                                         Case{"rnvp", false, "tanh", "float64", 5, 3, 21},
                                         Case{"rnvp", false, "relu", "float64", 9, 1},
                                         Case{"rnvp", true, "relu", "float32", 9, 1},
                                         Case{"rnvp", false, "tanh", "float32", 6, 1},
                                         Case{"spline", true, "silu", "float64", 3, 2, 8},
                                         Case{"spline", false, "tanh", "float64", 4, 2, 24, 4},
                                         Case{"spline", false, "relu", "float64", 3, 1, 9},
                                         Case{"spline", false, "silu", "float64", 2, 1},
                                         Case{"spline", true, "silu", "float32", 3, 2, 8}),
                         name_of);

using nflow::operators::Activation;
using nflow::operators::all_coupling_kernels;
using nflow::operators::CouplingArguments;
using nflow::operators::CouplingForm;
using nflow::operators::CouplingKind;
using nflow::operators::CouplingLayout;

/// Arguments of a small flow of this form, its weights random.
CouplingArguments arguments_of(CouplingForm form, const Tensor &points, bool inverse) {
  CouplingArguments a;
  a.form = std::move(form);
  a.inverse = inverse;
  a.take_width(points);
  const CouplingLayout layout(a.form);
  a.weights = normal({layout.size()}, 21, 0.3);
  a.weights.slice(0, 0, a.form.width).fill_(0.8);
  a.weights.slice(0, layout.out_scale(), layout.out_shift()).fill_(1.3);
  a.weights.slice(0, layout.size() - nflow::operators::coupling_padding, layout.size()).zero_();
  std::vector<int64_t> places;
  for (const auto &c : layout.couplings())
    for (int64_t i = 0; i < c.moved + c.kept; i++)
      places.push_back((c.places + 2 * c.moved + i) % a.form.width);
  a.places = torch::tensor(places, torch::kInt64);
  a.log_volume = torch::full({}, 0.7, torch::kFloat64);
  return a;
}

std::vector<CouplingForm> all_forms() {
  return {{CouplingKind::steerable, Activation::tanh, 0, 3, 4, 0, {9}, {5, 5, 4, 6}},
          {CouplingKind::steerable, Activation::silu, 0, 0, 0, 0, {9, 17}, {5, 5, 5, 5}},
          {CouplingKind::affine, Activation::relu, 0, 10, 0, 0, {8}, {1, 9, 9, 1}},
          {CouplingKind::affine, Activation::silu, 0, 0, 3, 0, {33}, {6, 4, 4, 6}},
          {CouplingKind::spline, Activation::tanh, 0, 0, 0, 6, {12}, {3, 4, 4, 3, 1, 0}}};
}

Mapped call_operator(const CouplingArguments &a, const Tensor &points, const std::string &kind,
                     const std::string &activation) {
  const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("nflow::coupling_flow", "")
          .typed<std::tuple<Tensor, Tensor>(
              const Tensor &, const Tensor &, const Tensor &, const Tensor &, std::string,
              std::string, int64_t, int64_t, int64_t, at::IntArrayRef, at::IntArrayRef, bool)>();
  const auto [v, log_det] =
      op.call(points, a.weights, a.log_volume, a.places, kind, activation, a.form.mixed,
              a.form.units, a.form.bins, a.form.hidden, a.form.sizes, a.inverse);
  return {v, log_det};
}

std::string name_of(CouplingKind kind) {
  return kind == CouplingKind::steerable ? "steerable"
         : kind == CouplingKind::affine  ? "affine"
                                         : "spline";
}
std::string name_of(Activation activation) {
  return activation == Activation::tanh ? "tanh" : activation == Activation::silu ? "silu" : "relu";
}

/// As a GPU computes it, with its gradients.
TEST(CouplingFlowOperator, TensorOperationsGiveTheSame) {
  for (const auto &form : all_forms())
    for (const bool inverse : {false, true}) {
      Tensor points = normal({6, 2, 5}, 22, 0.6);
      CouplingArguments a = arguments_of(form, points, inverse);
      const auto gradients = [&](const auto &map) {
        std::vector<Tensor> inputs;
        for (Tensor *tensor : {&points, &a.weights, &a.log_volume}) {
          *tensor = tensor->detach().clone().requires_grad_(true);
          inputs.push_back(*tensor);
        }
        const Mapped mapped = map();
        auto all = torch::autograd::grad({(mapped.points * normal(points.sizes(), 23)).sum() +
                                          (mapped.log_det * normal({6}, 24)).sum()},
                                         inputs);
        all.push_back(mapped.points);
        all.push_back(mapped.log_det);
        return all;
      };
      const auto got = gradients([&] {
        return call_operator(a, points, name_of(a.form.kind), name_of(a.form.activation));
      });
      const auto wanted = gradients([&] {
        const auto [v, log_det] = nflow::operators::coupling_flow_of_tensors(a, points);
        return Mapped{v, log_det};
      });
      for (size_t i = 0; i < got.size(); i++)
        EXPECT_LT(difference(got[i], wanted[i]), 1e-10)
            << name_of(form.kind) << ", inverse " << inverse << ", number " << i;
    }
}

template <class T>
void compare_instruction_sets(double tolerance) {
  constexpr auto type = std::is_same_v<T, double> ? torch::kFloat64 : torch::kFloat32;
  for (const auto &form : all_forms())
    for (const bool inverse : {false, true}) {
      const Tensor points = normal({21, 10}, 25, 0.6).to(type),
                   by_out = normal({21, 10}, 26).to(type);
      const Tensor by_log_det = normal({21}, 27);
      CouplingArguments a = arguments_of(form, points, inverse);
      a.weights = a.weights.to(type);
      std::vector<std::vector<Tensor>> results;
      for (const auto *kernels : all_coupling_kernels<T>()) {
        nflow::operators::CouplingFlow<T> flow(a.form, *kernels);
        const nflow::operators::CouplingWeights<T> weights{a.weights.template data_ptr<T>(),
                                                           a.places.data_ptr<int64_t>()};
        Tensor out = torch::empty_like(points), log_det = torch::empty({21}, torch::kFloat64);
        Tensor states = torch::empty({21, flow.state_size()}, type);
        flow.map(21, points.template data_ptr<T>(), weights, inverse, out.template data_ptr<T>(),
                 log_det.data_ptr<double>(), states.template data_ptr<T>());
        Tensor by_in = torch::empty_like(points), by_weights = torch::zeros_like(a.weights);
        flow.pull_back(21, states.template data_ptr<T>(), weights, inverse,
                       by_out.template data_ptr<T>(), by_log_det.data_ptr<double>(),
                       by_in.template data_ptr<T>(), by_weights.template data_ptr<T>());
        results.push_back({out, log_det, by_in, by_weights});
        for (size_t i = 0; i < results[0].size(); i++)
          EXPECT_LT(difference(results.back()[i], results[0][i]), tolerance)
              << kernels->name << " against " << all_coupling_kernels<T>()[0]->name << ", "
              << name_of(form.kind) << ", inverse " << inverse << ", number " << i;
      }
    }
}

TEST(CouplingFlowOperator, InstructionSetsAgree) {
  compare_instruction_sets<double>(1e-12);
  compare_instruction_sets<float>(2e-4);
}

/// Whatever a file may say ends in an error, not in a crash.
TEST(CouplingFlowOperator, MisuseIsRefused) {
  const Tensor points = normal({2, 10}, 28);
  const CouplingArguments right = arguments_of(all_forms()[0], points, false);
  const auto refuses = [&](const std::function<void(CouplingArguments &)> &spoil,
                           const std::string &words, const Tensor &in,
                           const char *kind = "steerable", const char *activation = "tanh") {
    CouplingArguments a = right;
    spoil(a);
    for (const bool gradients : {false, true}) {
      const torch::AutoGradMode mode(gradients);
      try {
        call_operator(a, in, kind, activation);
        ADD_FAILURE() << "was taken: " << words;
      } catch (const c10::Error &e) {
        EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
      }
    }
  };
  const auto nothing = [](CouplingArguments &) {};
  EXPECT_NO_THROW(call_operator(right, points, "steerable", "tanh"));
  refuses(nothing, "there is no kind 'other'", points, "other");
  refuses(nothing, "there is no activation 'gelu'", points, "steerable", "gelu");
  refuses(nothing, "bins must be 2", points, "spline");
  refuses(nothing, "points must be [B, ..]", normal({10}, 1));
  refuses(nothing, "float32 or float64", torch::ones({2, 10}, torch::kInt64));
  refuses(nothing, "of the type of the points", points.to(torch::kFloat32));
  refuses(nothing, "not more than there are", normal({2, 9}, 1));
  refuses([](CouplingArguments &a) { a.weights = a.weights.slice(0, 1); }, "weights must be",
          points);
  refuses([](CouplingArguments &a) { a.log_volume = torch::zeros({2}); }, "log_volume", points);
  refuses([](CouplingArguments &a) { a.places = a.places + 1; }, "places must be from 0", points);
  refuses([](CouplingArguments &a) { a.places = a.places.slice(0, 1); }, "places must be", points);
  refuses([](CouplingArguments &a) { a.form.mixed = 11; }, "mixed must be", points);
  refuses([](CouplingArguments &a) { a.form.mixed = -1; }, "mixed must be", points);
  refuses([](CouplingArguments &a) { a.form.hidden = {9, 9}; }, "one hidden layer", points);
  refuses([](CouplingArguments &a) { a.form.hidden = {int64_t(1) << 40}; }, "counts", points);
  refuses([](CouplingArguments &a) { a.form.units = -1; }, "counts", points);
  refuses([](CouplingArguments &a) { a.form.sizes = {5}; }, "sizes must be", points);
  refuses([](CouplingArguments &a) { a.form.sizes = {5, -5}; }, "counts", points);
  refuses([](CouplingArguments &a) { a.form.sizes = {0, 5}; }, "must move a number", points);
}

} // namespace
