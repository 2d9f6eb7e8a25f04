#include "mcmc/hybrid_monte_carlo.h"

#include "mcmc/acceptance.h"

#include <cmath>

namespace nflow::mcmc {

void HybridMonteCarlo::draw_velocities(const uint8_t *mobile, double tau, RandomStream &random) {
  for (size_t i = 0; i < velocity_.size(); i++)
    velocity_[i] = mobile[i] ? std::sqrt(tau * inverse_mass_[i]) * random.gaussian() : 0.0;
}

void HybridMonteCarlo::kick(const std::vector<double> &forces, const uint8_t *mobile, double time) {
  for (size_t i = 0; i < velocity_.size(); i++)
    if (mobile[i]) velocity_[i] += time * inverse_mass_[i] * forces[i];
}

double HybridMonteCarlo::kinetic_energy(const uint8_t *mobile) const {
  double sum = 0.0;
  for (size_t i = 0; i < velocity_.size(); i++)
    if (mobile[i]) sum += 0.5 * velocity_[i] * velocity_[i] / inverse_mass_[i];
  return sum;
}

bool HybridMonteCarlo::move(DynamicState &state, const uint8_t *mobile, double tau, int steps,
                            double timestep, RandomStream &random, uint64_t &evaluations) {
  inverse_mass_ = target_.inverse_masses();
  draw_velocities(mobile, tau, random);
  const double uniform = random.uniform();
  trial_ = state;
  const double before = state.energy + kinetic_energy(mobile);
  for (int step = 0; step < steps; step++) {
    kick(trial_.forces, mobile, 0.5 * timestep);
    for (size_t i = 0; i < velocity_.size(); i++)
      if (mobile[i]) trial_.x[i] += timestep * velocity_[i];
    trial_.energy = target_.energy_and_forces(trial_.x.data(), trial_.forces.data());
    evaluations++;
    // Forces mean nothing here; the way back would meet this place, too.
    if (!std::isfinite(trial_.energy)) return false;
    kick(trial_.forces, mobile, 0.5 * timestep);
  }
  const double after = trial_.energy + kinetic_energy(mobile);
  if (!accept(-(after - before) / tau, uniform)) return false;
  std::swap(state, trial_);
  return true;
}

} // namespace nflow::mcmc
