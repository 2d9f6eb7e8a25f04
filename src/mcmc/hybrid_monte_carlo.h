#ifndef NFLOW_MCMC_HYBRID_MONTE_CARLO_H
#define NFLOW_MCMC_HYBRID_MONTE_CARLO_H

#include "mcmc/flow.h"
#include "mcmc/random.h"

#include <vector>

namespace nflow::mcmc {

/// A configuration with its energy and forces.
struct DynamicState {
  std::vector<double> x, forces; // [n, d]
  double energy = 0.0;
};

/// One move of hybrid Monte Carlo: velocities from the Maxwell distribution at k_B T = tau, `steps`
/// steps of velocity Verlet, and Metropolis. Coordinates with `mobile` = 0 stay. Reversible with
/// respect to exp(-U/tau).
class HybridMonteCarlo {
 public:
  HybridMonteCarlo(Target &target, int64_t coordinates) : target_(target), velocity_(coordinates) {}

  /// True if the trajectory was accepted, in which case `state` is its end. Adds the energies that
  /// it asked for to `evaluations`.
  bool move(DynamicState &state, const uint8_t *mobile, double tau, int steps, double timestep,
            RandomStream &random, uint64_t &evaluations);

 private:
  void draw_velocities(const uint8_t *mobile, double tau, RandomStream &random);
  void kick(const std::vector<double> &forces, const uint8_t *mobile, double time);
  double kinetic_energy(const uint8_t *mobile) const;

  Target &target_;
  std::vector<double> inverse_mass_; // of the target, copied at each move
  std::vector<double> velocity_;
  DynamicState trial_;
};

} // namespace nflow::mcmc

#endif
