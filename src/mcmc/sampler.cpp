#include "mcmc/sampler.h"

#include "base/stopwatch.h"

#include <algorithm>
#include <cmath>

namespace nflow::mcmc {

FlowSampler::FlowSampler(Flow &flow, Target &target, const Space &space,
                         const std::vector<Move> &moves, int64_t batch, uint32_t seed,
                         uint32_t replica, const AcceptanceRules &rules, Arrays &arrays)
    : flow_(flow), target_(target), space_(space), moves_(moves), seed_(seed), replica_(replica),
      rules_(rules), arrays_(arrays), block_(space, moves, batch, seed, replica, arrays),
      x_(arrays, space.coordinates), current_(arrays, space.size()), latent_(arrays, space.size()),
      trial_(arrays, space.size()), trial_latent_(arrays, space.size()),
      noise_(arrays, space.size()), dynamics_(target, space.atoms(), space.box.dim, arrays),
      dynamic_(arrays, space.coordinates), nearest_before_(arrays, space.atoms()),
      nearest_after_(arrays, space.atoms()) {
  counters_.move_attempts.resize(moves.size());
  counters_.move_accepts.resize(moves.size());
  int tries = 1;
  for (const auto &move : moves) tries = std::max(tries, move.fresh() + 1);
  energies_.resize(tries);
  log_weights_.resize(tries);
}

void FlowSampler::set_state(const double *x, double energy, const Temperatures &tau) {
  copy(arrays_, x, space_.coordinates, x_.data());
  energy_ = energy;
  tau_ = tau;
  pulled_back_ = false;
}

bool FlowSampler::attempt() {
  const Stopwatch total(timings_.total);
  const uint64_t number = counters_.attempts;
  const size_t choice = choose_move(moves_, seed_, replica_, number);
  const Move &move = moves_[choice];
  if (move.fresh() > 0) {
    const Stopwatch watch(timings_.flow);
    block_.prepare(flow_, number, tau_);
  }
  bool accepted = false;
  switch (move.kind) {
  case MoveKind::independence:
    accepted = independence();
    break;
  case MoveKind::multitry:
    accepted = multitry(move.tries);
    break;
  case MoveKind::latent:
    accepted = latent(move.step);
    break;
  case MoveKind::pcn:
    accepted = preconditioned(move.step);
    break;
  case MoveKind::mapped:
    accepted = mapped();
    break;
  case MoveKind::excursion:
    accepted = move.local > 0 ? local_excursion(move) : excursion(move);
    break;
  }
  counters_.attempts++;
  counters_.move_attempts[choice]++;
  counters_.accepts += accepted;
  counters_.move_accepts[choice] += accepted;
  timings_.attempts++;
  return accepted;
}

void FlowSampler::draw_current() {
  const int64_t m = space_.coordinates;
  copy(arrays_, x_.data(), m, current_.data());
  if (!space_.auxiliary) return;
  RandomStream random(seed_, replica_, counters_.attempts, Purpose::auxiliary);
  arrays_.fill_gaussian(random, std::sqrt(space_.momentum_variance(tau_.target)), m,
                        current_.data() + m);
}

void FlowSampler::inverse(const uint8_t *atoms, double *log_det) {
  const Stopwatch watch(timings_.flow);
  if (atoms)
    flow_.inverse_masked(1, current_.data(), tau_, atoms, latent_.data(), log_det);
  else
    flow_.inverse(1, current_.data(), tau_, latent_.data(), log_det);
}

void FlowSampler::forward(const uint8_t *atoms, double *log_det) {
  const Stopwatch watch(timings_.flow);
  if (atoms)
    flow_.forward_masked(1, trial_latent_.data(), tau_, atoms, trial_.data(), log_det);
  else
    flow_.forward(1, trial_latent_.data(), tau_, trial_.data(), log_det);
}

PointWeights FlowSampler::pull_back() {
  if (pulled_back_ && !space_.auxiliary) return current_weights_;
  draw_current();
  double log_det_inverse = 0.0;
  inverse(nullptr, &log_det_inverse);
  const double *latent = latent_.data();
  const double log_prior =
      space_.gaussian_prior
          ? space_.log_prior(arrays_, latent, tau_.prior)
          : -space_.reduced_energy(arrays_, proposal_energy(latent), latent, tau_.prior);
  current_weights_ = {reduced_energy(energy_, current_.data()), log_prior, -log_det_inverse};
  pulled_back_ = true;
  return current_weights_;
}

double FlowSampler::proposal_energy(const double *v) {
  if (!all_finite(v)) return NAN;
  const Stopwatch watch(timings_.energy);
  counters_.evaluations++;
  return target_.energy(v);
}

void FlowSampler::move_to(const double *v, double energy) {
  counters_.rearrangements +=
      arrays_.count_rearranged(space_.box, rearrangement_, x_.data(), v, space_.atoms());
  copy(arrays_, v, space_.coordinates, x_.data());
  energy_ = energy;
  pulled_back_ = false;
}

bool FlowSampler::decide(double (*rule)(const PointWeights &, const PointWeights &),
                         PointWeights old_point, PointWeights new_point) {
  const double energy = proposal_energy(trial_.data());
  new_point.h = reduced_energy(energy, trial_.data());
  last_energy_change_ = energy - energy_;
  last_log_acceptance_ = rule(old_point, new_point);
  const bool finite = std::isfinite(energy) && !std::isnan(last_log_acceptance_);
  if (!target_.agree(finite)) return reject_not_finite();
  const double uniform =
      RandomStream(seed_, replica_, counters_.attempts, Purpose::accept).uniform();
  if (!target_.agree(accept(last_log_acceptance_, uniform))) return false;
  move_to(trial_.data(), energy);
  return true;
}

bool FlowSampler::reject_not_finite() {
  counters_.not_finite++;
  return false;
}

bool FlowSampler::independence() {
  const double *proposal = block_.points(counters_.attempts);
  const PointWeights fresh = *block_.weights(counters_.attempts);
  const PointWeights old_point = pull_back();
  copy(arrays_, proposal, space_.size(), trial_.data());
  const double before = energy_;
  const bool accepted = decide(rules_.independence, old_point, fresh);
  PointWeights weights = fresh;
  weights.h = reduced_energy(before + last_energy_change_, trial_.data());
  importance_.add(std::isfinite(weights.h) ? weights.log_weight() : -INFINITY);
  return accepted;
}

bool FlowSampler::multitry(int tries) {
  const double *proposals = block_.points(counters_.attempts);
  const PointWeights *fresh = block_.weights(counters_.attempts);
  log_weights_[0] = pull_back().log_weight();
  energies_[0] = energy_;
  bool finite = std::isfinite(log_weights_[0]);
  for (int k = 1; k < tries; k++) {
    const double *v = proposals + (k - 1) * space_.size();
    PointWeights weights = fresh[k - 1];
    energies_[k] = proposal_energy(v);
    weights.h = reduced_energy(energies_[k], v);
    const bool usable = std::isfinite(energies_[k]) && std::isfinite(weights.log_weight());
    log_weights_[k] = usable ? weights.log_weight() : -INFINITY;
    finite = finite && usable;
    importance_.add(log_weights_[k]);
  }
  if (!finite) counters_.not_finite++;
  // A current state without a weight cannot be compared with the others: stay.
  if (!target_.agree(std::isfinite(log_weights_[0]))) return false;
  const double uniform =
      RandomStream(seed_, replica_, counters_.attempts, Purpose::accept).uniform();
  const int64_t chosen =
      target_.agree(std::max<int64_t>(0, rules_.multitry(log_weights_.data(), tries, uniform)));
  last_energy_change_ = energies_[chosen] - energy_;
  last_log_acceptance_ = log_weights_[chosen] - log_weights_[0];
  if (chosen == 0) return false;
  move_to(proposals + (chosen - 1) * space_.size(), energies_[chosen]);
  return true;
}

bool FlowSampler::perturb(double keep, double noise_x, double noise_p,
                          double (*rule)(const PointWeights &, const PointWeights &)) {
  const PointWeights old_point = pull_back();
  const int64_t m = space_.coordinates;
  RandomStream random(seed_, replica_, counters_.attempts, Purpose::latent);
  arrays_.fill_gaussian(random, noise_x, m, noise_.data());
  if (space_.auxiliary) arrays_.fill_gaussian(random, noise_p, m, noise_.data() + m);
  arrays_.add_scaled(keep, latent_.data(), noise_.data(), space_.size(), trial_latent_.data());
  PointWeights new_point;
  forward(nullptr, &new_point.log_det);
  new_point.log_prior = space_.log_prior(arrays_, trial_latent_.data(), tau_.prior);
  return decide(rule, old_point, new_point);
}

bool FlowSampler::latent(double sigma) {
  return perturb(1.0, sigma, sigma, rules_.latent);
}

bool FlowSampler::preconditioned(double step) {
  return perturb(std::sqrt(1.0 - step * step), step * std::sqrt(tau_.prior),
                 step * std::sqrt(space_.momentum_variance(tau_.prior)), rules_.pcn);
}

namespace {

/// The counters that are not of one move, in the order in which a checkpoint holds them.
std::vector<uint64_t Counters::*> common_counters() {
  return {&Counters::attempts,       &Counters::accepts,
          &Counters::not_finite,     &Counters::not_reversible,
          &Counters::rearrangements, &Counters::evaluations,
          &Counters::trajectories,   &Counters::accepted_trajectories};
}

} // namespace

std::vector<double> FlowSampler::checkpoint() const {
  std::vector<double> numbers{last_energy_change_, last_log_acceptance_};
  for (const auto counter : common_counters())
    numbers.push_back(static_cast<double>(counters_.*counter));
  const auto ess = importance_.state();
  numbers.insert(numbers.end(), ess.begin(), ess.end());
  for (size_t i = 0; i < moves_.size(); i++) {
    numbers.push_back(static_cast<double>(counters_.move_attempts[i]));
    numbers.push_back(static_cast<double>(counters_.move_accepts[i]));
  }
  return numbers;
}

void FlowSampler::restore(const std::vector<double> &numbers) {
  auto ess = importance_.state();
  const auto counters = common_counters();
  const size_t of_ess = 2 + counters.size(), head = of_ess + ess.size();
  if (numbers.size() < head) return;
  last_energy_change_ = numbers[0];
  last_log_acceptance_ = numbers[1];
  for (size_t i = 0; i < counters.size(); i++)
    counters_.*counters[i] = static_cast<uint64_t>(numbers[2 + i]);
  std::copy_n(numbers.begin() + of_ess, ess.size(), ess.begin());
  importance_.set_state(ess);
  if (numbers.size() != head + 2 * moves_.size()) return;
  for (size_t i = 0; i < moves_.size(); i++) {
    counters_.move_attempts[i] = static_cast<uint64_t>(numbers[head + 2 * i]);
    counters_.move_accepts[i] = static_cast<uint64_t>(numbers[head + 2 * i + 1]);
  }
}

} // namespace nflow::mcmc
