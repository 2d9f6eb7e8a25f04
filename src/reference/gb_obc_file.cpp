#include "reference/gb_obc.h"

#include "model/archive.h"
#include "model/operator_resolver.h"
#include "operators/gb_obc_arguments.h"

#include <torch/script.h>

namespace nflow::reference {

namespace {

const char *source = R"(
def energy(self, x: Tensor) -> Tensor:
    energy, none = nflow.gb_obc(x, self.radius, self.scale, self.charge, self.constants, False)
    return energy

def energy_and_gradient(self, x: Tensor) -> Tuple[Tensor, Tensor]:
    return nflow.gb_obc(x, self.radius, self.scale, self.charge, self.constants, True)
)";

nlohmann::json to_json(const GbAtoms &atoms, const operators::GbObcConstants &c) {
  return {{"ids", atoms.ids},
          {"alpha", c.alpha},
          {"beta", c.beta},
          {"gamma", c.gamma},
          {"offset", c.offset},
          {"coulomb", c.coulomb},
          {"dielectric", c.inner},
          {"solvent_dielectric", c.outer},
          {"surface_tension", c.surface_tension},
          {"probe", c.probe}};
}

} // namespace

void write_gb_obc_file(const GbAtoms &atoms, const operators::GbObcConstants &constants,
                       const std::string &units, const std::string &path) {
  torch::jit::Module module("GbObc");
  module.register_buffer("radius", torch::tensor(atoms.radius, torch::kFloat64));
  module.register_buffer("scale", torch::tensor(atoms.scale, torch::kFloat64));
  module.register_buffer("charge", torch::tensor(atoms.charge, torch::kFloat64));
  module.register_buffer("constants", operators::tensor_of(constants));
  module.define(source, std::make_shared<OperatorResolver>());
  Metadata metadata;
  metadata.format = Format::energy;
  metadata.architecture = "gb-obc";
  metadata.n_atoms = atoms.size();
  metadata.dim = 3;
  metadata.units = units;
  metadata.operators = {"gb_obc"};
  metadata.provenance = {{"program", "nflow-reference"}, {"gb_obc", to_json(atoms, constants)}};
  save_archive(module, metadata, path);
}

} // namespace nflow::reference
