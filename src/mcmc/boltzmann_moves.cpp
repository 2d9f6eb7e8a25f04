// The moves of FlowSampler that need a boltzmann prior: mapped and excursion.

#include "base/stopwatch.h"
#include "mcmc/sampler.h"

#include <array>
#include <cmath>

namespace nflow::mcmc {

bool FlowSampler::mapped() {
  const double *proposal = block_.points(counters_.attempts);
  PointWeights fresh = *block_.weights(counters_.attempts);
  const PointWeights old_point = pull_back();
  copy(arrays_, proposal, space_.size(), trial_.data());
  const double before = energy_;
  const bool accepted = decide(rules_.mapped, old_point, fresh);
  fresh.h = reduced_energy(before + last_energy_change_, trial_.data());
  importance_.add(std::isfinite(fresh.work()) ? -fresh.work() : -INFINITY);
  return accepted;
}

bool FlowSampler::excursion(const Move &move) {
  return cross_and_return(move, nullptr, [] { return true; });
}

bool FlowSampler::local_excursion(const Move &move) {
  const PeriodicBox &box = space_.box;
  RandomStream random(seed_, replica_, counters_.attempts, Purpose::centre);
  std::array<double, 3> centre{};
  for (int64_t k = 0; k < box.dim; k++) centre[k] = box.lengths[k] * random.uniform();
  const auto nearest = [&](const Buffer<double> &x, Buffer<uint8_t> &mask) {
    arrays_.nearest_atoms(box, centre.data(), x.data(), space_.atoms(), move.local, mask.data());
  };
  nearest(x_, nearest_before_);
  return cross_and_return(move, nearest_before_.data(), [&] {
    nearest(trial_, nearest_after_);
    const int64_t different =
        arrays_.count_different(space_.atoms(), nearest_before_.data(), nearest_after_.data());
    if (target_.agree(rules_.reversible(different))) return true;
    counters_.not_reversible++;
    return false;
  });
}

bool FlowSampler::run_at_prior(const Move &move, const uint8_t *atoms) {
  copy(arrays_, latent_.data(), space_.coordinates, dynamic_.x.data());
  const Stopwatch watch(timings_.energy);
  dynamic_.energy = target_.energy_and_forces(dynamic_.x.data(), dynamic_.forces.data());
  counters_.evaluations++;
  if (!std::isfinite(dynamic_.energy)) return false;
  current_weights_.log_prior =
      -space_.reduced_energy(arrays_, dynamic_.energy, latent_.data(), tau_.prior);
  RandomStream random(seed_, replica_, counters_.attempts, Purpose::excursion);
  for (int i = 0; i < move.repeat; i++) {
    counters_.trajectories++;
    counters_.accepted_trajectories += dynamics_.move(dynamic_, atoms, tau_.prior, move.steps,
                                                      move.timestep, random, counters_.evaluations);
  }
  return true;
}

template <class Reversible>
bool FlowSampler::cross_and_return(const Move &move, const uint8_t *atoms,
                                   const Reversible &reversible) {
  const int64_t m = space_.coordinates;
  double log_det_inverse = 0.0;
  pulled_back_ = false; // latent_ may be that of some atoms only
  draw_current();
  inverse(atoms, &log_det_inverse);
  current_weights_ = {reduced_energy(energy_, current_.data()), 0.0, -log_det_inverse};
  if (!all_finite(latent_.data()) || !run_at_prior(move, atoms)) return reject_not_finite();

  PointWeights new_point;
  const double *trial_latent = trial_latent_.data();
  copy(arrays_, dynamic_.x.data(), m, trial_latent_.data());
  copy(arrays_, latent_.data() + m, space_.size() - m, trial_latent_.data() + m);
  new_point.log_prior = -space_.reduced_energy(arrays_, dynamic_.energy, trial_latent, tau_.prior);
  forward(atoms, &new_point.log_det);
  if (!all_finite(trial_.data())) return reject_not_finite();
  // The image nearest to where an atom was: a flow returns any. What did not move stays to the bit.
  arrays_.to_nearest_image(space_.box, x_.data(), atoms, space_.atoms(), trial_.data());
  if (!reversible()) return false;
  return decide(rules_.excursion, current_weights_, new_point);
}

} // namespace nflow::mcmc
