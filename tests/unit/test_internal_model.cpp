// A model file that calls the operators of internal coordinates: loaded, frozen and checked as any
// flow is, the tree being a constant of the model.
#include "architectures/molecule_tree.h"
#include "model/archive.h"
#include "model/checks.h"
#include "model/operator_resolver.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>
#include <torch/script.h>

namespace {

// Bonds are longer on the target's side, and torsions turned by how long they are.
const char *const source = R"(
def forward(self, u: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    z, there = nflow.cartesian_to_internal(u[:, 0], self.tree)
    twist = torch.cat([torch.zeros_like(z[:, :3, 0]), 0.4 * z[:, 3:, 0]], 1)
    z = torch.stack([z[:, :, 0] * self.stretch, z[:, :, 1], z[:, :, 2] + twist], 2)
    x, back = nflow.internal_to_cartesian(z, self.tree)
    return x.unsqueeze(1), there + back + torch.log(self.stretch).sum()

def inverse(self, v: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor]:
    z, there = nflow.cartesian_to_internal(v[:, 0], self.tree)
    r = z[:, :, 0] / self.stretch
    twist = torch.cat([torch.zeros_like(r[:, :3]), 0.4 * r[:, 3:]], 1)
    z = torch.stack([r, z[:, :, 1], z[:, :, 2] - twist], 2)
    x, back = nflow.internal_to_cartesian(z, self.tree)
    return x.unsqueeze(1), there + back - torch.log(self.stretch).sum()
)";

/// Isobutane of united atoms with one more.
nflow::Molecule molecule() {
  nflow::Molecule molecule;
  molecule.ids = {1, 2, 3, 4, 5};
  molecule.types = {1, 1, 1, 1, 1};
  molecule.bonds = {{0, 1}, {1, 2}, {1, 3}, {3, 4}};
  return molecule;
}

TEST(InternalCoordinates, MakeAModelThatTheContractAccepts) {
  const auto numbers = nflow::tree_numbers(nflow::molecule_tree(molecule()));
  torch::jit::Module module("Stretched");
  module.register_buffer("tree", torch::tensor(numbers).view({5, 4}));
  module.register_buffer("stretch", torch::tensor({1.0, 1.1, 1.2, 0.9, 1.05}, torch::kFloat64));
  module.define(source, std::make_shared<nflow::OperatorResolver>());
  auto metadata = nflow::tests::toy_metadata(5, 3);
  metadata.operators = {"internal_to_cartesian", "cartesian_to_internal"};
  nflow::save_archive(module, metadata, "internal.pt");
  nflow::Model model("internal.pt", "cpu");
  const auto report = nflow::check_flow(model, 0.6, 0.6);
  EXPECT_GE(report.jacobian, 0.0);
  EXPECT_LT(report.jacobian, 1e-9);
  EXPECT_LT(report.round_trip, 1e-9);
}

} // namespace
