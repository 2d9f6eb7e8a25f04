#include "architectures/flow_builder.h"
#include "model/archive.h"
#include "support/flow_checks.h"
#include "support/tree_molecule.h"

#include <numeric>

namespace nflow::tests {

void write_internal_flow(const std::string &path, const std::string &architecture,
                         const Molecule &molecule, const std::vector<double> &samples,
                         const std::string &units, double temperature, double spoil) {
  FlowSetting setting;
  setting.architecture = architecture;
  setting.n_atoms = molecule.size();
  setting.dim = 3;
  setting.types = molecule.types;
  setting.units = units;
  setting.temperatures = {temperature};
  setting.set("couplings", int64_t{2});
  setting.set("hidden", int64_t{8});
  StartingData data;
  StartingData::Samples frames;
  frames.x = samples.data();
  frames.count = static_cast<int64_t>(samples.size()) / setting.coordinates();
  frames.training.resize(frames.count);
  std::iota(frames.training.begin(), frames.training.end(), 0);
  data.samples = {frames};
  data.molecule = molecule;
  architecture_of(setting).learn(setting, data);
  auto flow = build_flow(setting);
  if (spoil > 0.0) perturb(flow, Normals{41}, spoil);
  save_archive(flow, flow_metadata(setting), path);
}

} // namespace nflow::tests
