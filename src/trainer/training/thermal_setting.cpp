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

} // namespace

FlowSetting thermal_setting(const FlowOptions &options, const std::vector<double> &temperatures,
                            EnergySource &source, const std::vector<ThermalSamples> &data) {
  const System &system = source.system();
  const auto &architecture = architecture_of(options);
  FlowSetting setting(options);
  setting.n_atoms = system.n_atoms;
  setting.dim = system.dim;
  setting.types = system.types.empty() ? data.at(0).samples.types : system.types;
  if (architecture.properties().periodic)
    setting.box.assign(system.box.begin(), system.box.begin() + system.dim);
  setting.units = system.units;
  setting.temperatures = temperatures;
  architecture.learn(setting, starting_data(source, data));
  return setting;
}

} // namespace nflow::trainer
