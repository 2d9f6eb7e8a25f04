#include "mcmc/chain.h"

#include "base/stopwatch.h"

#include <cmath>

namespace nflow::mcmc {

Chain::Chain(Flow &flow, Target &target, const Space &space, const Streams &streams,
             const Moves &moves, const AcceptanceRules &rules, Arrays &arrays)
    : flow_(flow), target_(target), space_(space), streams_(streams), rules_(rules),
      arrays_(arrays), x_(arrays, space.coordinates), prefetch_(*this, moves), some_v_(arrays),
      some_u_(arrays), record_(moves.size(), space.carried) {}

void Chain::set_streams(const Streams &streams) {
  streams_ = streams;
  prefetch_.forget();
}

void Chain::set_state(double energy, const Temperatures &tau, const Call &call) {
  energy_ = energy;
  tau_ = tau;
  weighed_ = false;
  prefetch_.begin(call);
}

void Chain::draw_current() {
  const int64_t m = space_.coordinates;
  some_v_.resize(space_.size());
  some_u_.resize(space_.size());
  copy(arrays_, x_.data(), m, some_v_.data());
  if (!space_.auxiliary) return;
  RandomStream numbers = random(Purpose::auxiliary);
  arrays_.fill_gaussian(numbers, std::sqrt(space_.momentum_variance(tau_.target)), m,
                        some_v_.data() + m);
}

PointWeights Chain::pull_back(const uint8_t *atoms) {
  return atoms ? pull_back_some(atoms) : pull_back_all();
}

PointWeights Chain::pull_back_some(const uint8_t *atoms) {
  draw_current();
  double log_det_inverse = 0.0;
  {
    const Stopwatch watch(record_.timings.flow);
    flow_.inverse_masked(1, some_v_.data(), tau_, atoms, some_u_.data(), &log_det_inverse);
  }
  latent_ = some_u_.data();
  return {reduced_energy(energy_, some_v_.data()), 0.0, -log_det_inverse};
}

PointWeights Chain::pull_back_all() {
  const auto image = prefetch_.image();
  latent_ = image.u;
  const double h = space_.reduced_energy_of(energy_, image.momentum_squares, tau_.target);
  return {h, image.log_prior, image.log_det};
}

PointWeights Chain::pull_back() {
  PointWeights weights = pull_back_all();
  if (weighed_ && !space_.auxiliary) return current_weights_;
  if (!space_.gaussian_prior) weights.log_prior = -prior_energy(energy_of(latent_), latent_);
  weighed_ = true;
  return current_weights_ = weights;
}

const std::vector<double> &Chain::carried() {
  std::vector<double> &kept = record_.carried;
  if (kept.empty()) return kept;
  carried_now_.resize(kept.size());
  arrays_.copy_out(prefetch_.image().u, sizeof(double) * kept.size(), carried_now_.data());
  // What an accepted move has kept comes back with the rounding of the flow, which would make fresh
  // configurations of before useless.
  constexpr double rounding = 1e-9;
  bool same = true;
  for (size_t i = 0; i < kept.size(); i++)
    same = same && std::fabs(carried_now_[i] - kept[i]) <= rounding * (1.0 + std::fabs(kept[i]));
  if (same) return kept;
  record_.begin_environment();
  kept = carried_now_;
  return kept;
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
  weighed_ = false;
  prefetch_.move();
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
