#include "trainer/training/thermal_setting.h"

#include "architectures/architecture.h"

namespace nflow::trainer {

namespace {

StartingData starting_data(EnergySource &source, const std::vector<ThermalSamples> &data) {
  StartingData starting;
  for (const auto &samples : data)
    starting.samples.push_back(
        {samples.samples.x.data(), samples.samples.count(), samples.split.training});
  starting.evaluate = [&source](int64_t count, const double *x, double *energies, double *forces) {
    source.evaluate(count, x, energies, forces);
  };
  if (source.has_pair_law())
    starting.pair_law = [&source](int a, int b, double r, double &energy, double &force) {
      source.pair_law(a, b, r, energy, force);
    };
  return starting;
}

FlowSetting setting_of(const FlowOptions &options, const std::vector<double> &temperatures,
                       const System &system) {
  FlowSetting setting(options);
  setting.n_atoms = system.n_atoms;
  setting.dim = system.dim;
  setting.types = system.types;
  if (architecture_of(options).properties().periodic && system.periodic.at(0))
    setting.box.assign(system.box.begin(), system.box.begin() + system.dim);
  setting.units = system.units;
  setting.temperatures = temperatures;
  return setting;
}

} // namespace

FlowSetting thermal_setting(const FlowOptions &options, const std::vector<double> &temperatures,
                            EnergySource &source, const std::vector<ThermalSamples> &data) {
  auto setting = setting_of(options, temperatures, source.system());
  if (setting.types.empty()) setting.types = data.at(0).samples.types;
  architecture_of(options).learn(setting, starting_data(source, data));
  return setting;
}

void check_system(const FlowOptions &options, const std::vector<double> &temperatures,
                  EnergySource &source) {
  check_flow_system(setting_of(options, temperatures, source.system()), starting_data(source, {}));
}

} // namespace nflow::trainer
