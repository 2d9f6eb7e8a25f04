// Energies and flows that are called as LAMMPS will call them before they are said to be sound.

#include "model/checks.h"
#include "model/energy_model.h"
#include "model/model.h"
#include "support/refusal.h"
#include "support/toy_models.h"

namespace {

using namespace nflow;
using tests::expect_sentence;
using tests::Lie;
using tests::refusal;

std::string energy_refusal(const std::string &result) {
  tests::write_energy("called.pt", "def energy(self, x: Tensor) -> Tensor:\n"
                                   "    u = self.k * (x * x).flatten(1).sum(1)\n    " +
                                       result + "\n");
  return refusal([] { EnergyModel("called.pt"); });
}

TEST(UntrustedEnergy, IsCalledWithoutAnAnalyticGradientToo) {
  EXPECT_EQ(energy_refusal("return u"), "");
  const std::pair<const char *, const char *> wrong[] = {
      {"return u.matmul(torch.zeros([7, 7]).double())", "failed in energy"},
      {"return torch.log(-u - 1.0)", "NaN"},
      {"return torch.sqrt(-u - 1.0)", "NaN"},
      {"return u.sum()", "shape [B]"},
      {"return torch.zeros([x.size(0)], device=\"meta\") + 0.0", "device"},
      {"return u.long()", "float64 or float32"},
      {"return u.detach()", "no gradient"},
      {"return u * float(x.size(0))", "in a batch of another size"},
      {"return torch.where(torch.ones_like(u) * x.size(0) < 10.0, u, u + 1.0)",
       "in a batch of another size"}};
  for (const auto &item : wrong) {
    const auto text = energy_refusal(item.first);
    expect_sentence(text, item.second);
    expect_sentence(text, "called.pt");
  }
}

/// Constants with a gradient, and tensors whose numbers lie on each other, are copied out.
TEST(UntrustedEnergy, ExpandedConstantsAreNumbers) {
  tests::write_energy("expanded.pt", R"(
def energy(self, x: Tensor) -> Tensor:
    return self.k.expand([x.size(0)]) + 0.0 * x.flatten(1).sum(1)

def energy_and_gradient(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    return self.k.expand([x.size(0)]), (self.k * 0.0).expand(x.size())
)");
  EnergyModel energy("expanded.pt");
  const double x[6] = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  double u[2], gradient[6];
  energy.energy_and_gradient(2, x, u, gradient);
  EXPECT_EQ(u[0], 2.0);
  EXPECT_EQ(u[1], 2.0);
  for (const double g : gradient) EXPECT_EQ(g, 0.0);
}

TEST(UntrustedFlow, TensorsOfAWrongKindEndInASentence) {
  tests::write_toy_model("kind.pt", tests::toy_metadata(3, 1), 1.3, 0.1, Lie::integers);
  Model model("kind.pt", "cpu");
  expect_sentence(refusal([&] { check_flow(model, 1.0, 1.0); }), "float64 or float32");
}

/// The check of a flow alone uses 1 and 8 points; warming up uses the size of the simulation.
TEST(UntrustedFlow, TheBatchSizeOfTheSimulationIsChecked) {
  tests::write_toy_model("large.pt", tests::toy_metadata(3, 1), 1.3, 0.1, Lie::large_batch);
  Model model("large.pt", "cpu");
  EXPECT_EQ(refusal([&] { check_flow(model, 1.0, 1.0); }), "");
  EXPECT_EQ(refusal([&] { model.warm_up(8, 1.0); }), "");
  expect_sentence(refusal([&] { model.warm_up(64, 1.0); }), "alone and in a batch of 64");
  tests::write_toy_model("honest.pt", tests::toy_metadata(3, 1), 1.3, 0.1);
  Model honest("honest.pt", "cpu");
  EXPECT_EQ(refusal([&] { honest.warm_up(64, 1.0); }), "");
}

} // namespace
