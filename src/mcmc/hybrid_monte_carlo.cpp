#include "mcmc/hybrid_monte_carlo.h"

#include "mcmc/acceptance.h"

#include <cmath>
#include <utility>

namespace nflow::mcmc {

void HybridMonteCarlo::start_from(const DynamicState &state) {
  copy(arrays_, state.x.data(), state.x.size(), trial_.x.data());
  copy(arrays_, state.forces.data(), state.forces.size(), trial_.forces.data());
  trial_.energy = state.energy;
}

bool HybridMonteCarlo::move(DynamicState &state, const uint8_t *mobile, double tau, int steps,
                            double timestep, RandomStream &random, uint64_t &evaluations) {
  const double *inverse_masses = target_.inverse_masses();
  double *velocity = velocity_.data();
  const auto kick = [&] {
    arrays_.kick(0.5 * timestep, inverse_masses, trial_.forces.data(), mobile, atoms_, dim_,
                 velocity);
  };
  const auto kinetic_energy = [&] {
    return arrays_.kinetic_energy(velocity, inverse_masses, mobile, atoms_, dim_);
  };
  arrays_.draw_velocities(random, tau, inverse_masses, mobile, atoms_, dim_, velocity);
  const double uniform = random.uniform();
  start_from(state);
  const double before = state.energy + kinetic_energy();
  for (int step = 0; step < steps; step++) {
    kick();
    arrays_.drift(timestep, velocity, mobile, atoms_, dim_, trial_.x.data());
    trial_.energy = target_.energy_and_forces_nearby(trial_.x.data(), trial_.forces.data());
    evaluations++;
    // Forces mean nothing here; the way back would meet this place, too.
    if (!std::isfinite(trial_.energy)) return false;
    kick();
  }
  const double after = trial_.energy + kinetic_energy();
  if (!target_.agree(accept(-(after - before) / tau, uniform))) return false;
  std::swap(state, trial_);
  return true;
}

} // namespace nflow::mcmc
