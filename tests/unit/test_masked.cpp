// The optional methods that move some atoms in the presence of the others: what is refused, and
// that an honest model passes.

#include "base/error.h"
#include "model/masked_checks.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace nflow;
using tests::Lie;

tests::ToyLiquid toy(Lie lie = Lie::none, bool masked = true) {
  tests::ToyLiquid result;
  result.shear = 0.2;
  result.kick = 0.3;
  result.scale = 1.2;
  result.masked = masked;
  result.lie = lie;
  return result;
}

Metadata metadata() {
  return tests::toy_liquid_metadata(5, 2, 4.0, {{1.5, 0.8}});
}

std::string refusal(Lie lie, bool masked = true) {
  tests::write_toy_liquid("masked.pt", metadata(), toy(lie, masked));
  Model model("masked.pt", "cpu");
  try {
    check_masked(model, {1.5, 0.8});
    return "";
  } catch (const Error &e) {
    return e.what();
  }
}

TEST(Masked, AnHonestModelPasses) {
  tests::write_toy_liquid("masked.pt", metadata(), toy());
  Model model("masked.pt", "cpu");
  EXPECT_TRUE(model.has_masked());
  std::vector<double> target(20);
  for (int i = 0; i < 20; i++) target[i] = std::fmod(1.37 * i, 4.0);
  const auto report = check_masked(model, {1.5, 0.8}, target);
  EXPECT_LT(report.round_trip, 1e-12);
  EXPECT_LT(report.log_det_sum, 1e-12);
  EXPECT_GE(report.jacobian, 0.0);
  EXPECT_LT(report.jacobian, 1e-10);
}

TEST(Masked, LiesAreRefused) {
  EXPECT_NE(refusal(Lie::log_det_masked).find("not that of the Jacobian of the mobile atoms"),
            std::string::npos);
  EXPECT_NE(refusal(Lie::masked_frozen).find("change atoms that the mask holds"),
            std::string::npos);
  EXPECT_NE(refusal(Lie::none, false).find("has no methods forward_masked"), std::string::npos);
}

/// One atom held and one that moves: the map of the mobile one feels the other, and all mobile is
/// the map itself.
TEST(Masked, TheMobileFeelTheFrozen) {
  tests::write_toy_liquid("masked.pt", metadata(), toy());
  Model model("masked.pt", "cpu");
  std::vector<double> u(20), moved(20), v(20), w(20);
  for (int i = 0; i < 20; i++) u[i] = moved[i] = std::fmod(0.77 * i, 4.0);
  moved[2] += 0.5; // the second atom, which is frozen
  const std::vector<uint8_t> mask{1, 0, 0, 1, 0}, all(5, 1);
  double log_det[2];
  model.forward_masked(1, u.data(), {1.5, 0.8}, mask.data(), v.data(), log_det);
  model.forward_masked(1, moved.data(), {1.5, 0.8}, mask.data(), w.data(), log_det + 1);
  EXPECT_NEAR(log_det[0], 4 * std::log(1.2), 1e-12);
  EXPECT_GT(std::fabs(v[0] - w[0]), 1e-4);
  for (const int atom : {1, 2, 4})
    for (int k = 0; k < 2; k++) {
      EXPECT_EQ(v[2 * atom + k], u[2 * atom + k]);
      EXPECT_EQ(v[10 + 2 * atom + k], u[10 + 2 * atom + k]);
    }
  model.forward_masked(1, u.data(), {1.5, 0.8}, all.data(), v.data(), log_det);
  model.forward(1, u.data(), {1.5, 0.8}, w.data(), log_det + 1);
  EXPECT_EQ(v, w);
  EXPECT_EQ(log_det[0], log_det[1]);
}

} // namespace
