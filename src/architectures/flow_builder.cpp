#include "architectures/flow_builder.h"

namespace nflow {

torch::jit::Module build_flow(const FlowSetting &setting) {
  check_flow_setting(setting);
  return architecture_of(setting).build(setting);
}

Metadata flow_metadata(const FlowSetting &setting) {
  const auto &properties = architecture_of(setting).properties();
  Metadata metadata;
  metadata.architecture = properties.name;
  metadata.prior = properties.prior;
  metadata.n_atoms = setting.n_atoms;
  metadata.dim = setting.dim;
  metadata.auxiliary = properties.auxiliary;
  metadata.steerable = properties.steerable;
  metadata.equivariant = properties.equivariant;
  if (!setting.types.empty()) metadata.types = setting.types;
  metadata.periodic = properties.periodic && !setting.box.empty();
  if (metadata.periodic) metadata.box = setting.box;
  metadata.units = setting.units;
  metadata.dtype = setting.dtype;
  metadata.operators = architecture_of(setting).operators(setting);
  metadata.carried = architecture_of(setting).carried(setting);
  if (properties.prior == Prior::gaussian) metadata.temperatures_trained = setting.temperatures;
  const auto &temperatures = setting.temperatures;
  for (size_t i = 0; properties.prior == Prior::boltzmann && i + 1 < temperatures.size(); i++)
    metadata.temperature_pairs.emplace_back(temperatures[i], temperatures[i + 1]);
  return metadata;
}

void initialise_from_data(torch::jit::Module &flow, const FlowSetting &setting,
                          const torch::Tensor &data) {
  architecture_of(setting).initialise(flow, setting, data);
}

int64_t parameter_count(const torch::jit::Module &flow) {
  int64_t count = 0;
  for (const auto &parameter : flow.parameters()) count += parameter.numel();
  return count;
}

} // namespace nflow
