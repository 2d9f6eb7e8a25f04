// What flows that come from Python do: constants of graphs, index buffers, bounded domains, ReLU.

#include "model/archive.h"
#include "model/attribute_constants.h"
#include "model/checks.h"
#include "model/frozen_module.h"
#include "model/model.h"
#include "model/model_impl.h"
#include "support/refusal.h"
#include "support/toy_models.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/ir/constants.h>

#include <cmath>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::refusal;

struct Flow {
  std::string forward, inverse; // bodies that make v, d of u and u, d of v
  Metadata metadata = tests::toy_metadata(4, 1);
};

/// A flow with a scale of 2, indices that reverse four atoms, and these bodies.
torch::jit::Module module_of(const Flow &flow) {
  torch::jit::Module module("Flow");
  const auto type = flow.metadata.dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
  module.register_parameter("scale", torch::full({1}, 2.0, type), false);
  module.register_buffer("places", torch::tensor({3, 2, 1, 0}, torch::kInt64));
  module.define("def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:\n    " +
                flow.forward + "\n    return v, d\n");
  module.define("def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:\n    " +
                flow.inverse + "\n    return u, d\n");
  return module;
}

void write(const std::string &path, const Flow &flow) {
  save_archive(module_of(flow), flow.metadata, path);
}

std::string refusal_of(const Flow &flow) {
  write("flow.pt", flow);
  return refusal([] {
    Model model("flow.pt", "cpu");
    check_flow(model, 1.0, 1.0);
  });
}

const std::string zeros = "d = torch.zeros([N.size(0)]).double()";

std::string zeros_of(const std::string &points) {
  std::string text = zeros;
  return text.replace(text.find('N'), 1, points);
}

/// What the JIT computes of constants in a call under InferenceMode, and keeps.
void keep_under_inference_mode(torch::jit::Module &module) {
  const c10::InferenceMode no_gradients;
  int kept = 0;
  for (auto *node : module.get_method("forward").graph()->nodes())
    if (node->kind() == torch::jit::prim::Constant && node->hasAttribute(torch::jit::attr::value) &&
        node->kindOf(torch::jit::attr::value) == torch::jit::AttributeKind::t) {
      node->t_(torch::jit::attr::value, node->t(torch::jit::attr::value).clone());
      kept++;
    }
  EXPECT_GT(kept, 0);
}

TEST(TracedFlow, WhatIsKeptFromACallIsNotDifferentiated) {
  write("kept.pt", {"v = u * self.scale\n    " + zeros_of("u") + " + 4.0 * torch.log(self.scale)",
                    "u = v / self.scale\n    " + zeros_of("v") + " - 4.0 * torch.log(self.scale)"});
  for (int i = 0; i < 50; i++) {
    Model model("kept.pt", "cpu");
    keep_under_inference_mode(model.impl().module);
    EXPECT_EQ(refusal([&] {
                model.warm_up(16, 1.0);
                check_flow(model, 1.0, 1.0);
                model.warm_up(16, 1.0);
                check_flow(model, 1.0, 1.0);
              }),
              "");
  }
}

/// zuko merges the halves of a point by indices; bgflow adds to what came out of a tuple.
TEST(TracedFlow, IndicesInListsAreNotSaidToChange) {
  const auto with_list = [](const std::string &in, const std::string &out, const char *sign) {
    return "parts = [" + in + "[:, :, :2] * 1.0, " + in +
           "[:, :, 2:] * 1.0]\n    a = parts[0]\n    b = parts[1]" + "\n    a += 1.0 * " + sign +
           "\n    b *= torch.pow(self.scale, " + sign + ")\n    " + out + " = torch.zeros_like(" +
           in + ")\n    " + out + "[:, :, self.places] = torch.cat([a, b], 2)\n    " +
           zeros_of(in) + " + 2.0 * " + sign + " * torch.log(self.scale).double()";
  };
  Flow flow{with_list("u", "v", "1.0"), ""};
  flow.inverse = "w = v[:, :, self.places]\n    u = torch.cat([w[:, :, :2] - 1.0, w[:, :, 2:] / "
                 "self.scale], 2)\n    " +
                 zeros_of("v") + " - 2.0 * torch.log(self.scale).double()";
  EXPECT_EQ(refusal_of(flow), "");
  const auto honest = flow.forward;
  for (const char *line :
       {"self.places.add_(0)", "l = [self.places]\n    l[0].add_(0)",
        "t = (self.places, u)\n    t[0].add_(0)", "t = {\"a\": self.places}\n    t[\"a\"].add_(0)",
        "p = self.places.view([2, 2])\n    q, r = torch.split(p, [1, 1], 0)\n    q.add_(0)"}) {
    flow.forward = std::string(line) + "\n    " + honest;
    expect_sentence(refusal_of(flow), "changes its own attribute places in Flow.forward");
  }
}

TEST(TracedFlow, TheLineThatFailedIsNamed) {
  const auto text = refusal_of({"w = u * 2.0\n    v = torch.matmul(w, torch.zeros([7, 7]).double())"
                                "\n    " +
                                    zeros_of("u"),
                                "u = v\n    " + zeros_of("v")});
  expect_sentence(text, "failed (");
  expect_sentence(text, "at \"");
  expect_sentence(text, "torch.matmul");
}

/// Defined within 0.3 of its example, 40 away from the origin; no box.
Flow flow_of_a_molecule() {
  Flow flow{"v = 40.0 + 2.0 * torch.asin((u - 40.0) / 0.3) * 0.3\n    " + zeros_of("u") +
                " + torch.log(2.0 / torch.sqrt(1.0 - torch.pow((u - 40.0) / 0.3, 2)))"
                ".flatten(1).sum(1)",
            "u = 40.0 + 0.3 * torch.sin((v - 40.0) / 0.6)\n    " + zeros_of("v") +
                " + torch.log(0.5 * torch.cos((v - 40.0) / 0.6)).flatten(1).sum(1)"};
  flow.metadata.prior = Prior::boltzmann;
  flow.metadata.temperature_pairs = {{1.0, 0.5}};
  return flow;
}

TEST(TracedFlow, AnExampleCountsWithoutABox) {
  auto flow = flow_of_a_molecule();
  expect_sentence(refusal_of(flow), "NaN");
  flow.metadata.example = {40.1, 40.0, 39.9, 40.1};
  EXPECT_EQ(refusal_of(flow), "");
}

TEST(TracedFlow, OutsideOfItsDomainAFlowIsNotALie) {
  auto flow = flow_of_a_molecule();
  flow.metadata.example = {40.1, 40.0, 39.9, 40.1};
  write("domain.pt", flow);
  Model model("domain.pt", "cpu");
  const Temperatures tau(1.0, 0.5);
  const std::vector<double> points = {40.1, 40.0, 39.9, 40.1, 50.0, 40.0, 39.9, 40.1};
  const auto inside = where_defined(model, Model::Direction::forward, points, tau).points;
  EXPECT_EQ(inside, std::vector<double>(points.begin(), points.begin() + 4));
  // A point that is said to be inside is not excused.
  expect_sentence(refusal([&] {
                    check_flow(model, 1.0, 0.5, {1e200, INFINITY, 40.0, 40.0});
                  }),
                  "NaN");
}

/// Undefined beyond 3 sigma, where the first eight points that are tried do not come, but those
/// of a batch do.
TEST(TracedFlow, ALargeBatchMayReachBeyondTheDomain) {
  const std::string edge = "torch.zeros_like(N).masked_fill(torch.abs(N) > 3.0, float(\"nan\"))";
  auto of = [&](const std::string &points) {
    auto text = edge;
    for (auto at = text.find('N'); at != std::string::npos; at = text.find('N', at + 1))
      text.replace(at, 1, points);
    return text;
  };
  write("edge.pt", {"v = u + " + of("u") + "\n    " + zeros_of("u"),
                    "u = v + " + of("v") + "\n    " + zeros_of("v")});
  Model model("edge.pt", "cpu");
  EXPECT_EQ(refusal([&] {
              check_flow(model, 1.0, 1.0);
              model.warm_up(512, 1.0);
            }),
            "");
  std::vector<double> far(4, 3.5), out(4), log_det(1);
  model.forward(1, far.data(), 1.0, out.data(), log_det.data());
  EXPECT_TRUE(std::isnan(out[0]));
}

/// A network of ReLU in float32 whose kinks lie closer than the widest step of the differences.
TEST(TracedFlow, KinksOfFloat32AreSeenAtASmallerStep) {
  const auto kinks = [](const std::string &first) {
    return "s = 0.3 * torch.relu(" + first +
           " * 200.0 - torch.arange(-600, 600).float().view([1, "
           "1, 1, 1200])).mul(torch.remainder(torch.arange(1200), 2).float() * 2.0 - 1.0).sum(3, "
           "keepdim=True)";
  };
  Flow flow{kinks("u[:, :, :1]") + "\n    v = torch.cat([u[:, :, :1], u[:, :, 1:] + s], 2)\n    " +
                zeros_of("u"),
            kinks("v[:, :, :1]") + "\n    u = torch.cat([v[:, :, :1], v[:, :, 1:] - s], 2)\n    " +
                zeros_of("v")};
  flow.metadata.dtype = "float32";
  EXPECT_EQ(refusal_of(flow), "");
}

/// What was made a constant before it was saved follows the model to its device.
TEST(TracedFlow, ConstantsGoToTheDeviceOfTheModel) {
  const auto module = module_of({"v = u * self.scale + torch.zeros([u.size(0), 1, 4, 1], "
                                 "device=torch.device(\"cpu\")).double()\n    d = v[:, 0, 0, 0]",
                                 "u = v\n    d = v[:, 0, 0, 0]"});
  auto evaluated = module;
  evaluated.eval();
  const auto saved = torch::jit::freeze(evaluated, std::vector<std::string>{"forward", "inverse"});
  const torch::Device elsewhere(torch::kMeta);
  auto moved = frozen_module(saved, {"forward", "inverse"}, elsewhere);
  int tensors = 0, devices = 0;
  for (const auto *node : moved.get_method("forward").graph()->nodes()) {
    if (node->kind() != torch::jit::prim::Constant || !node->hasUses()) continue;
    const auto value = torch::jit::toIValue(node->output());
    const bool here = value && ((value->isTensor() && value->toTensor().device() != elsewhere) ||
                                (value->isDevice() && value->toDevice() != elsewhere));
    EXPECT_FALSE(here);
    tensors += value && value->isTensor();
    devices += value && value->isDevice();
  }
  EXPECT_GE(tensors, 1);
  EXPECT_GE(devices, 1);
}

} // namespace
