#include "architectures/torsion_density.h"

#include "architectures/source_text.h"
#include "base/error.h"
#include "model/operator_resolver.h"

#include <torch/script.h>

namespace nflow {

void add_torsion_density(torch::jit::Module &module, const TorsionTables &tables) {
  const auto &forest = tables.forest;
  const std::string wrong = operators::wrong_with(forest);
  require(wrong.empty(), "these tables are no density of torsions: " + wrong);
  require(static_cast<int64_t>(tables.energies.size()) == forest.size(),
          "these tables are no density of torsions: there must be " +
              std::to_string(forest.size()) + " energies");
  module.register_buffer("torsion_energies", torch::tensor(tables.energies, torch::kFloat64));
  module.register_buffer("torsion_parents", torch::tensor(forest.parents, torch::kInt64));
  module.register_buffer("torsion_cuts", torch::tensor(forest.cuts, torch::kInt64));
  module.define(expanded_source("torsion_density", {{"bins", std::to_string(forest.bins)}}, {}),
                std::make_shared<OperatorResolver>());
}

} // namespace nflow
