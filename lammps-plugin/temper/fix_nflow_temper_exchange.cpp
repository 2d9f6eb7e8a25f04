// One scan of fix nflow/temper: proposals through flows, decisions, and what follows from them.

#include "temper/fix_nflow_temper.h"

#include "base/error.h"
#include "base/random.h"
#include "flow/prior.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "lammps/target.h"
#include "mcmc/acceptance.h"
#include "root_model.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "update.h"

#include <cmath>

using namespace LAMMPS_NS;
using nflow::Purpose;
using nflow::RandomStream;
using nflow::tempering::work;

namespace {

// The numbers in the head of a packet: reduced energy before, log_det, energy of the momenta
// after.
enum { reduced_energy, log_det, momenta_after, head_size };

using Field = GroupPositions::Field;

} // namespace

/// All pairs of a scan: works, decisions, and their consequences for this partition.
void FixNflowTemper::scan() {
  const auto pairs = nflow::tempering::pairs_of_scan(scheme_, count_, scan_, key_);
  int partner = -1;
  bool any_evaluates = false;
  for (const auto &[i, j] : pairs) {
    if (i == here_) partner = j;
    if (j == here_) partner = i;
    any_evaluates = any_evaluates || evaluates(i, j);
  }
  const bool proposes = partner >= 0 && evaluates(here_, partner);
  if (any_evaluates) {
    const double mine = proposes ? propose(partner) : 0.0;
    link_->gather_all(&mine, 1, arrived_, "the decision");
  }
  std::vector<double> works_ij, works_ji;
  std::vector<char> accepted;
  for (const auto &[i, j] : pairs) {
    double ij, ji;
    if (evaluates(i, j)) {
      ij = arrived_[j];
      ji = arrived_[i];
    } else {
      const double u_i = status_[2 * i + 1], u_j = status_[2 * j + 1];
      ij = work(u_i / tau(i), u_i / tau(j), 0.0);
      ji = work(u_j / tau(j), u_j / tau(i), 0.0);
    }
    const auto pair = nflow::tempering::index_of_pair(scheme_, count_, i, j);
    RandomStream random(key_, static_cast<uint32_t>(pair), scan_, Purpose::exchange);
    const double log_a = nflow::tempering::log_acceptance_exchange(ij, ji);
    accepted.push_back(nflow::mcmc::accept(log_a, random.uniform()));
    statistics_[pair].add(ij, ji, accepted.back());
    works_ij.push_back(ij);
    works_ji.push_back(ji);
    if (i != here_ && j != here_) continue;
    if (proposes)
      settle_proposal(partner, accepted.back());
    else if (accepted.back())
      exchange_directly(partner, status_[2 * partner + 1]);
  }
  log_scan(pairs, works_ij, works_ji, accepted);
  scan_++;
  sampled_scans_++;
}

/// Sends this partition's configuration, mapped, to the partner and returns the work of the one
/// that comes from there.
double FixNflowTemper::propose(int partner) {
  pack_proposal(partner);
  link_->swap(partner, packet_, received_, "an exchange");
  placed_ = masses_->agree(place_proposal(partner)) != 0;
  const double energy = placed_ ? potential_->evaluate(true, true) : INFINITY;
  evaluations_ += placed_;
  const auto &head = received_.head;
  return work(head[reduced_energy], energy / tau(here_) + head[momenta_after], head[log_det]);
}

/// State, velocities and forces of all atoms, with room for `mapped` numbers behind them.
void FixNflowTemper::pack_arrays(int64_t mapped) {
  const int64_t n = numbers();
  packet_.body.resize(4 * n + mapped);
  unwrapped_.resize(n);
  scratch_.resize(n);
  whole_->read(unwrapped_.data());
  nflow::copy(arrays_, whole_->state(), 2 * n, section(packet_, Section::state));
  whole_->gather(Field::velocity, 3, section(packet_, Section::velocities));
  whole_->gather(Field::force, 3, section(packet_, Section::other_forces));
}

/// Head, state of all atoms, velocities, forces of thermostats, and the mapped point.
void FixNflowTemper::pack_proposal(int partner) {
  const int64_t n = numbers();
  const double energy = potential_->tallied();
  const auto found = routes_.find(partner);
  const bool mapped = found != routes_.end();
  pack_arrays(mapped ? found->second.model->metadata().size() : 0);
  double *forces = section(packet_, Section::other_forces);
  if (!potential_->has_other_forces()) {
    arrays_.fill(0.0, n, forces);
  } else {
    // All forces less those of the potential: of thermostats. They go along, for a velocity keeps
    // being pushed by half a step with them.
    potential_->evaluate(true, true);
    evaluations_++;
    whole_->gather(Field::force, 3, scratch_.data());
    arrays_.add_scaled(-1.0, scratch_.data(), forces, n, forces);
  }
  packet_.head.assign(head_size, 0.0);
  packet_.head[reduced_energy] = energy / tau(here_);
  if (mapped) map_proposal(found->second, partner);
}

void FixNflowTemper::map_proposal(Route &route, int partner) {
  const auto &metadata = route.model->metadata();
  const int64_t moved = places_.size(), momenta = metadata.auxiliary ? moved : 0;
  const double a = route.model->momentum_variance(tau(here_));
  const double a_there = route.model->momentum_variance(tau(partner));
  point_.resize(metadata.size());
  arrays_.gather(places_.data(), moved, unwrapped_.data(), point_.data());
  if (momenta > 0) draw_momenta(tau(here_), a);
  double *mapped = section(packet_, Section::mapped);
  auto &head = packet_.head;
  head[log_det] = route.map.map(point_.data(), tau(here_), tau(partner), mapped);
  // Normalised, so that the works give the free energies of configurations.
  head[reduced_energy] -= nflow::log_gaussian(arrays_, point_.data() + moved, momenta, a);
  head[momenta_after] = -nflow::log_gaussian(arrays_, mapped + moved, momenta, a_there);
}

/// The auxiliary momenta of variance `variance` into the second half of point_.
void FixNflowTemper::draw_momenta(double tau, double variance) {
  const int64_t moved = places_.size();
  double *momenta = point_.data() + moved;
  if (!velocity_momenta_) {
    RandomStream random(key_, static_cast<uint32_t>(here_), scan_, Purpose::auxiliary);
    arrays_.fill_gaussian(random, std::sqrt(variance), moved, momenta);
    return;
  }
  arrays_.gather(places_.data(), moved, section(packet_, Section::velocities), momenta);
  arrays_.velocities_to_gaussians(tau, variance, inverse_masses_.data(), moved, momenta);
  if (arrays_.all_zero(moved, momenta))
    throw nflow::Error("auxiliary velocity needs thermal velocities, but all are zero: use "
                       "auxiliary fresh, or dynamics");
}

/// Puts the atoms where the received packet has them; false if they cannot be there.
bool FixNflowTemper::place_proposal(int partner) {
  const double *state = section(received_, Section::state);
  if (routes_.find(partner) == routes_.end()) {
    whole_->place(state);
    return true;
  }
  whole_->unwrap(state, unwrapped_.data());
  arrays_.scatter(places_.data(), places_.size(), section(received_, Section::mapped),
                  unwrapped_.data());
  return whole_->replace(unwrapped_.data());
}

void FixNflowTemper::settle_proposal(int partner, bool accepted) {
  if (!accepted) {
    if (placed_) {
      whole_->restore();
      potential_->evaluate(true, true);
      evaluations_++;
    }
    if (potential_->has_other_forces())
      whole_->add_forces(1.0, section(packet_, Section::other_forces));
    return;
  }
  take_velocities(partner);
  if (velocity_momenta_ && routes_.find(partner) != routes_.end()) take_momenta(partner);
  finish_exchange();
}

/// An accepted exchange without a flow, where both energies are known: only now does anything move.
void FixNflowTemper::exchange_directly(int partner, double energy_there) {
  packet_.head.clear();
  pack_arrays(0);
  link_->swap(partner, packet_, received_, "an exchange");
  whole_->place(section(received_, Section::state));
  const double energy = potential_->evaluate(true, true);
  evaluations_++;
  compare_energies(partner, energy, energy_there);
  // Forces of the thermostats: what is not of the potential.
  whole_->gather(Field::force, 3, scratch_.data());
  double *forces = section(received_, Section::other_forces);
  arrays_.add_scaled(-1.0, scratch_.data(), forces, numbers(), forces);
  take_velocities(partner);
  finish_exchange();
}

void FixNflowTemper::finish_exchange() {
  tell_nose_hoover();
  // In memory the atoms lie in the spatial order of the configuration that has left: sort them at
  // the next re-neighboring, for the sake of the caches.
  if (atom->sortfreq > 0) atom->nextsort = update->ntimestep;
}

/// The energies of one configuration in two partitions. Another force field shows at the first
/// exchange with a partner; what comes later is a neighbor list that was built too late.
void FixNflowTemper::compare_energies(int partner, double here, double there) {
  const double scale = std::fabs(there) + static_cast<double>(whole_->size()) * tau(here_);
  const bool same = std::fabs(here - there) <= 1e-6 * scale;
  if (!same && !compared_[partner]) {
    char text[256];
    snprintf(
        text, sizeof(text),
        "a configuration has the potential energy %.10g here, but %.10g in partition %d: give "
        "all partitions the same force field, or say hamiltonian own; if it is the same, pairs "
        "were missed: neigh_modify delay 0 every 1 check yes",
        here, there, partner);
    throw nflow::Error(text);
  }
  if (!same && !warned_ && comm->me == 0)
    error->warning(FLERR, "fix nflow/temper: the energy of a configuration that was exchanged "
                          "changed when its neighbor lists were built anew: pairs were missed; use "
                          "neigh_modify delay 0 every 1 check yes, or a larger skin");
  compared_[partner] = 1;
  warned_ = warned_ || !same;
}

/// The velocities of the configuration that came from the partner, and the forces of its
/// thermostats, which are in proportion to velocities.
void FixNflowTemper::take_velocities(int partner) {
  const double scale = std::sqrt(temperatures_[here_] / temperatures_[partner]);
  double *velocities = section(received_, Section::velocities);
  arrays_.scale(scale, numbers(), velocities);
  if (redraw_) {
    RandomStream random(key_, static_cast<uint32_t>(here_), scan_, Purpose::velocity);
    arrays_.redraw_velocities(random, tau(here_), masses_->inverse_masses(), whole_->size(),
                              velocities);
  }
  whole_->scatter(Field::velocity, velocities, 3);
  if (potential_->has_other_forces())
    whole_->add_forces(scale, section(received_, Section::other_forces));
}

/// Velocities from auxiliary momenta that came through the flow.
void FixNflowTemper::take_momenta(int partner) {
  const int64_t moved = places_.size();
  double *momenta = section(received_, Section::mapped) + moved;
  const double variance = routes_[partner].model->momentum_variance(tau(here_));
  arrays_.gaussians_to_velocities(tau(here_), variance, inverse_masses_.data(), moved, momenta);
  whole_->gather(Field::velocity, 3, scratch_.data());
  arrays_.scatter(places_.data(), moved, momenta, scratch_.data());
  whole_->scatter(Field::velocity, scratch_.data(), 3);
}
