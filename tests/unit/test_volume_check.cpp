// Flows whose Jacobian is too large to be formed: what they say of the volume is compared along
// random directions, an honest flow passes with any, and a lie is found.
#include "base/error.h"
#include "model/archive.h"
#include "model/masked_checks.h"
#include "model/volume_check.h"
#include "support/refusal.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::Lie;
using tests::refusal;

constexpr int64_t atoms = 260;

/// v = Q (h(R u)), h(y) = y + 0.5 sin y for each number, with rotations Q and R.
const char *rotated_source = R"(
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    y = u.flatten(1).matmul(self.r)
    v = (y + 0.5 * torch.sin(y)).matmul(self.q).reshape(u.size())
    return v, LIE(torch.log(1.0 + 0.5 * torch.cos(y)).sum(1)).double()

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    w = v.flatten(1).matmul(self.q.t())
    y = w
    for i in range(60):
        y = w - 0.5 * torch.sin(y)
    u = y.matmul(self.r.t()).reshape(v.size())
    return u, -LIE(torch.log(1.0 + 0.5 * torch.cos(y)).sum(1)).double()
)";

void write_rotated(const std::string &file, const std::string &lie, const std::string &dtype) {
  auto metadata = tests::toy_metadata(atoms, 2);
  metadata.dtype = dtype;
  torch::jit::Module module("Rotated");
  torch::manual_seed(4711);
  for (const char *name : {"q", "r"}) {
    const auto gaussian = torch::randn({2 * atoms, 2 * atoms}, torch::kFloat64);
    const auto rotation = std::get<0>(torch::linalg_qr(gaussian));
    module.register_parameter(
        name, rotation.to(dtype == "float32" ? torch::kFloat32 : torch::kFloat64), false);
  }
  std::string source = rotated_source;
  for (auto at = source.find("LIE"); at != std::string::npos; at = source.find("LIE"))
    source.replace(at, 3, lie);
  module.define(source);
  save_archive(module, metadata, file);
}

class Volume : public testing::TestWithParam<const char *> {};

TEST_P(Volume, AnHonestFlowPassesAlongAnyDirection) {
  write_rotated("honest.pt", "", GetParam());
  Model model("honest.pt", "cpu");
  const std::vector<double> point(model.metadata().size(), 0.3);
  FlowReport report;
  for (uint64_t seed = 1; seed <= 4; seed++) report = check_flow(model, 1.0, 1.0, point, seed);
  EXPECT_GT(report.jacobian, 0.0);
  EXPECT_GT(report.derivative, 0.0);
}

TEST_P(Volume, ALieIsFound) {
  for (const char *lie : {"0.0 * ", "-", "0.9 * "}) {
    write_rotated("lie.pt", lie, GetParam());
    Model model("lie.pt", "cpu");
    int found = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
      const auto text = refusal([&] { check_flow(model, 1.0, 1.0, {}, seed); });
      if (!text.empty()) expect_sentence(text, "along a direction where its Jacobian gives");
      found += !text.empty();
    }
    std::printf("%s %s: found along %d of 12 times\n", GetParam(), lie, found);
    EXPECT_GT(found, 0) << lie;
  }
}
INSTANTIATE_TEST_SUITE_P(Types, Volume, testing::Values("float64", "float32"));

TEST(LargeFlow, ALogDetOfAnotherMapIsFound) {
  tests::write_toy_model("toy.pt", tests::toy_metadata(atoms, 2), 1.3, 0.1, Lie::log_det);
  Model model("toy.pt", "cpu");
  expect_sentence(refusal([&] { check_flow(model, 1.0, 1.0); }), "along a direction");
}

/// Up to 512 numbers there is a determinant, which finds what is constant, too.
TEST(LargeFlow, OfModerateSizeHasAJacobian) {
  const auto metadata = tests::toy_metadata(200, 2);
  for (const Lie lie : {Lie::none, Lie::blocked}) {
    tests::write_toy_model("toy.pt", metadata, 1.3, 0.1, lie);
    Model model("toy.pt", "cpu");
    const std::vector<double> points(2 * metadata.size(), 0.3);
    const auto text = refusal([&] { check_flow(model, 1.0, 1.0, points); });
    EXPECT_EQ(text.empty(), lie == Lie::none) << text;
  }
}

/// Many atoms of a liquid, of which a few move.
TEST(LargeFlow, HasMaskedMethods) {
  const auto metadata = tests::toy_liquid_metadata(atoms / 2, 2, 20.0, {{1.5, 0.8}});
  tests::ToyLiquid toy;
  toy.kick = 0.01;
  toy.scale = 0.9;
  tests::write_toy_liquid("liquid.pt", metadata, toy);
  Model honest("liquid.pt", "cpu");
  EXPECT_LT(check_masked(honest, {1.5, 0.8}).jacobian, 1e-6);
  EXPECT_GE(check_flow(honest, 1.5, 0.8).jacobian, 0.0);
  toy.lie = Lie::log_det_masked;
  tests::write_toy_liquid("liquid_lie.pt", metadata, toy);
  Model lying("liquid_lie.pt", "cpu");
  expect_sentence(refusal([&] { check_masked(lying, {1.5, 0.8}); }), "Jacobian of the mobile");
}

} // namespace
