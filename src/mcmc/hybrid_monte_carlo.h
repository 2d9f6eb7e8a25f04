#ifndef NFLOW_MCMC_HYBRID_MONTE_CARLO_H
#define NFLOW_MCMC_HYBRID_MONTE_CARLO_H

#include "arrays/arrays.h"
#include "flow/target.h"

namespace nflow::mcmc {

/// A configuration with its energy and forces.
struct DynamicState {
  DynamicState(Arrays &arrays, int64_t coordinates)
      : x(arrays, coordinates), forces(arrays, coordinates) {}

  Buffer<double> x, forces; // [n, d]
  double energy = 0.0;
};

/// One move of hybrid Monte Carlo: velocities from the Maxwell distribution at k_B T = tau, `steps`
/// steps of velocity Verlet, and Metropolis. Atoms with `mobile` [n] = 0 stay; null: all move.
/// Reversible with respect to exp(-U/tau).
class HybridMonteCarlo {
 public:
  HybridMonteCarlo(Target &target, int64_t atoms, int64_t dim, Arrays &arrays = host_arrays())
      : target_(target), arrays_(arrays), atoms_(atoms), dim_(dim), velocity_(arrays, atoms * dim),
        trial_(arrays, atoms * dim) {}

  /// True if the trajectory was accepted, in which case `state` is its end. Adds the energies that
  /// it asked for to `evaluations`.
  bool move(DynamicState &state, const uint8_t *mobile, double tau, int steps, double timestep,
            RandomStream &random, uint64_t &evaluations);

 private:
  void start_from(const DynamicState &state);

  Target &target_;
  Arrays &arrays_;
  int64_t atoms_, dim_;
  Buffer<double> velocity_;
  DynamicState trial_;
};

} // namespace nflow::mcmc

#endif
