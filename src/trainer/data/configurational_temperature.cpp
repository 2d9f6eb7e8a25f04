#include "trainer/data/configurational_temperature.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace nflow::trainer {

using estimators::ConfigurationalTemperature;

estimators::Estimate configurational_tau(const Samples &samples, EnergySource &source,
                                         const Parallel &parallel) {
  const System &system = source.system();
  const bool periodic = system.periodic.at(0);
  const double distance =
      estimators::typical_distance(periodic ? system.box : std::vector<double>(), samples.x.data(),
                                   samples.count(), system.n_atoms, system.dim);
  const ConfigurationalTemperature temperature(samples.n_atoms * samples.dim, distance);
  const int64_t frames = temperature.frames(samples.count());
  const auto forces = [&](int64_t count, const double *x, double *values) {
    std::vector<double> energies(count);
    source.evaluate(count, x, energies.data(), values);
    return std::all_of(energies.begin(), energies.end(), [](double e) { return std::isfinite(e); });
  };
  std::vector<double> mine;
  parallel.together([&] {
    const auto range = parallel.share(frames);
    for (int64_t i = range.first; i < range.second; i++) {
      const int64_t frame = i * samples.count() / frames;
      temperature.add(frame, samples.frame(frame), forces, mine);
    }
  });
  return ConfigurationalTemperature::tau(parallel.gather(mine));
}

void require_temperature(const estimators::Estimate &measured, double tau, double temperature,
                         const std::string &where) {
  if (!ConfigurationalTemperature::differs(measured, tau)) return;
  const double per_tau = temperature / tau;
  char text[128];
  std::snprintf(text, sizeof(text), ": by the forces theirs is %.4g +- %.2g",
                measured.mean * per_tau, measured.error * per_tau);
  throw Error("the samples" + where + " were not made at this temperature with this potential" +
              text +
              "; give the dumps that belong to the temperature, or sample with a smaller "
              "timestep");
}

} // namespace nflow::trainer
