// The moves of FlowSampler that need a boltzmann prior: mapped and excursion.

#include "mcmc/flow_sampler.h"
#include "mcmc/stopwatch.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

namespace {

bool all_finite(const std::vector<double> &values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

} // namespace

bool FlowSampler::mapped() {
  const double *proposal = block_.points(counters_.attempts);
  PointWeights fresh = *block_.weights(counters_.attempts);
  const PointWeights old_point = pull_back();
  std::copy(proposal, proposal + space_.size(), trial_.begin());
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
  std::vector<double> centre(box.dim);
  for (int64_t k = 0; k < box.dim; k++) centre[k] = box.lengths[k] * random.uniform();
  const auto nearest = [&](const double *x) {
    return nearest_atoms(box, centre.data(), x, space_.atoms(), move.local);
  };
  const auto atoms = nearest(x_.data());
  return cross_and_return(move, atoms.data(), [&] {
    if (rules_.reversible(atoms, nearest(trial_.data()))) return true;
    counters_.not_reversible++;
    return false;
  });
}

bool FlowSampler::run_at_prior(const Move &move, const uint8_t *atoms) {
  for (int64_t i = 0; i < space_.coordinates; i++)
    mobile_[i] = atoms ? atoms[i / space_.box.dim] : 1;
  std::copy_n(latent_.begin(), space_.coordinates, dynamic_.x.begin());
  const Stopwatch watch(timings_.energy);
  dynamic_.energy = target_.energy_and_forces(dynamic_.x.data(), dynamic_.forces.data());
  counters_.evaluations++;
  if (!std::isfinite(dynamic_.energy)) return false;
  current_weights_.log_prior = -space_.reduced_energy(dynamic_.energy, latent_.data(), tau_.prior);
  RandomStream random(seed_, replica_, counters_.attempts, Purpose::excursion);
  for (int i = 0; i < move.repeat; i++) {
    counters_.trajectories++;
    counters_.accepted_trajectories +=
        dynamics_.move(dynamic_, mobile_.data(), tau_.prior, move.steps, move.timestep, random,
                       counters_.evaluations);
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
  {
    const Stopwatch watch(timings_.flow);
    if (atoms)
      flow_.inverse_masked(1, current_.data(), tau_, atoms, latent_.data(), &log_det_inverse);
    else
      flow_.inverse(1, current_.data(), tau_, latent_.data(), &log_det_inverse);
  }
  current_weights_ = {reduced_energy(energy_, current_.data()), 0.0, -log_det_inverse};
  if (!all_finite(latent_) || !run_at_prior(move, atoms)) return reject_not_finite();

  PointWeights new_point;
  std::copy_n(dynamic_.x.begin(), m, trial_latent_.begin());
  std::copy(latent_.begin() + m, latent_.end(), trial_latent_.begin() + m);
  new_point.log_prior = -space_.reduced_energy(dynamic_.energy, trial_latent_.data(), tau_.prior);
  {
    const Stopwatch watch(timings_.flow);
    if (atoms)
      flow_.forward_masked(1, trial_latent_.data(), tau_, atoms, trial_.data(), &new_point.log_det);
    else
      flow_.forward(1, trial_latent_.data(), tau_, trial_.data(), &new_point.log_det);
  }
  if (!all_finite(trial_)) return reject_not_finite();
  // The image nearest to where an atom was: a flow returns any. What did not move stays to the bit.
  for (int64_t i = 0; i < m; i++)
    trial_[i] =
        mobile_[i] ? x_[i] + space_.box.nearest(trial_[i] - x_[i], i % space_.box.dim) : x_[i];
  if (!reversible()) return false;
  return decide(rules_.excursion, current_weights_, new_point);
}

} // namespace nflow::mcmc
