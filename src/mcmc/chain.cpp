#include "mcmc/chain.h"

#include "base/stopwatch.h"

#include <cmath>

namespace nflow::mcmc {

Chain::Chain(Flow &flow, Target &target, const Space &space, const Streams &streams, size_t moves,
             const AcceptanceRules &rules, Arrays &arrays)
    : flow_(flow), target_(target), space_(space), streams_(streams), rules_(rules),
      arrays_(arrays), x_(arrays, space.coordinates), current_(arrays, space.size()),
      latent_(arrays, space.size()), record_(moves) {}

void Chain::set_state(double energy, const Temperatures &tau) {
  energy_ = energy;
  tau_ = tau;
  pulled_back_ = false;
}

void Chain::draw_current() {
  const int64_t m = space_.coordinates;
  copy(arrays_, x_.data(), m, current_.data());
  if (!space_.auxiliary) return;
  RandomStream numbers = random(Purpose::auxiliary);
  arrays_.fill_gaussian(numbers, std::sqrt(space_.momentum_variance(tau_.target)), m,
                        current_.data() + m);
}

PointWeights Chain::pull_back(const uint8_t *atoms) {
  pulled_back_ = false; // latent_ may be that of some atoms only
  draw_current();
  double log_det_inverse = 0.0;
  {
    const Stopwatch watch(record_.timings.flow);
    if (atoms)
      flow_.inverse_masked(1, current_.data(), tau_, atoms, latent_.data(), &log_det_inverse);
    else
      flow_.inverse(1, current_.data(), tau_, latent_.data(), &log_det_inverse);
  }
  return {reduced_energy(energy_, current_.data()), 0.0, -log_det_inverse};
}

PointWeights Chain::pull_back() {
  if (pulled_back_ && !space_.auxiliary) return current_weights_;
  current_weights_ = pull_back(nullptr);
  const double *u = latent_.data();
  current_weights_.log_prior = space_.gaussian_prior ? space_.log_prior(arrays_, u, tau_.prior)
                                                     : -prior_energy(energy_of(u), u);
  pulled_back_ = true;
  return current_weights_;
}

double Chain::push_forward(const double *u, const uint8_t *atoms, double *v) {
  const Stopwatch watch(record_.timings.flow);
  double log_det = 0.0;
  if (atoms)
    flow_.forward_masked(1, u, tau_, atoms, v, &log_det);
  else
    flow_.forward(1, u, tau_, v, &log_det);
  return log_det;
}

double Chain::energy_of(const double *v) {
  if (!all_finite(v)) return NAN;
  const Stopwatch watch(record_.timings.energy);
  record_.counters.evaluations++;
  return target_.energy(v);
}

void Chain::move_to(const double *v, double energy) {
  record_.counters.rearrangements +=
      arrays_.count_rearranged(space_.box, rearrangement_, x_.data(), v, space_.atoms());
  copy(arrays_, v, space_.coordinates, x_.data());
  energy_ = energy;
  pulled_back_ = false;
}

Decision Chain::decide(AcceptanceRule rule, const PointWeights &old_point, const double *v,
                       const PointWeights &new_point) {
  Decision decision{false, new_point};
  const double energy = energy_of(v);
  decision.proposal.h = reduced_energy(energy, v);
  const double log_acceptance = rule(old_point, decision.proposal);
  record_.energy_change = energy - energy_;
  record_.log_acceptance = log_acceptance;
  const bool finite = std::isfinite(energy) && !std::isnan(log_acceptance);
  if (!target_.agree(finite)) {
    reject_not_finite();
    return decision;
  }
  const double uniform = random(Purpose::accept).uniform();
  decision.accepted = target_.agree(accept(log_acceptance, uniform)) != 0;
  if (decision.accepted) move_to(v, energy);
  return decision;
}

bool Chain::reject_not_finite() {
  record_.counters.not_finite++;
  return false;
}

} // namespace nflow::mcmc
