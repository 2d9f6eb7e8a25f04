#include "temper/thermostats.h"

#include "base/error.h"
#include "base/text.h"
#include "lammps/compat.h"
#include "lammps/potential_energy.h"
#include "tempering/ladder.h"

#include "fix.h"
#include "modify.h"

namespace LAMMPS_NS {

using nflow::number;

void Thermostats::find() {
  all_.clear();
  nose_hoover_.clear();
  for (int i = 0; i < modify->nfix; i++) {
    Fix *fix = modify->fix[i];
    int dim = -1;
    if (!fix->extract("t_target", dim) || dim != 0) continue;
    all_.push_back(fix);
    if (compat::begins_with(fix->style, {"nvt"})) nose_hoover_.push_back(fix);
  }
}

void Thermostats::require(double temperature) const {
  for (Fix *thermostat : all_) {
    int dim = 0;
    const double target = *static_cast<double *>(thermostat->extract("t_target", dim));
    if (target == 0.0) continue; // a variable that it has not read yet
    if (!nflow::tempering::same_temperature(target, temperature))
      throw nflow::Error("fix " + std::string(thermostat->id) + " (" + thermostat->style +
                         ") has the temperature " + number(target, 10) + ", but this partition " +
                         number(temperature, 10) + ": give both the same, constant temperature");
  }
}

void Thermostats::tell(double temperature) {
  for (Fix *thermostat : all_) thermostat->reset_target(temperature);
}

void Thermostats::velocities_changed(PotentialEnergy &energy) const {
  // Its setup() finds the kinetic energy anew and touches no velocity.
  for (Fix *fix : nose_hoover_) energy.call(fix, [fix] { fix->setup(0); });
}

} // namespace LAMMPS_NS
