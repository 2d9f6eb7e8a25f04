// One scan of fix nflow/temper: proposals through flows, decisions, and what follows from them.

#include "fix_nflow_temper.h"

#include "exchange_log_file.h"
#include "group_configuration.h"
#include "lammps_target.h"
#include "mcmc/acceptance.h"
#include "mcmc/prior.h"
#include "mcmc/random.h"
#include "nflow_error.h"
#include "partition_link.h"
#include "root_model.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "update.h"

#include <algorithm>
#include <cmath>

using namespace LAMMPS_NS;
using nflow::mcmc::Purpose;
using nflow::mcmc::RandomStream;
using nflow::tempering::work;

namespace {

// The numbers before the arrays of a packet: reduced energy before, log_det, energy of the momenta
// after.
enum { reduced_energy, log_det, momenta_after, head_size };

double variance_of(const nflow::Metadata &metadata, double tau) {
  return nflow::mcmc::auxiliary_variance(metadata.prior == nflow::Prior::gaussian, tau,
                                         metadata.auxiliary_variance);
}

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
  placed_ = place_proposal(partner);
  const double energy = placed_ ? whole_->energy(true, true) : INFINITY;
  evaluations_ += placed_;
  return work(received_[reduced_energy], energy / tau(here_) + received_[momenta_after],
              received_[log_det]);
}

/// Positions, velocities and forces of all atoms.
void FixNflowTemper::read_arrays() {
  unwrapped_.resize(numbers());
  velocities_.resize(numbers());
  other_forces_.resize(numbers());
  scratch_.resize(numbers());
  whole_->read({unwrapped_.data(), whole_->size(), 3});
  whole_->gather(atom->v, 3, velocities_.data());
  whole_->gather(atom->f, 3, other_forces_.data());
}

void FixNflowTemper::pack_arrays() {
  packet_.insert(packet_.end(), whole_->state().begin(), whole_->state().end());
  packet_.insert(packet_.end(), velocities_.begin(), velocities_.end());
  packet_.insert(packet_.end(), other_forces_.begin(), other_forces_.end());
}

/// Head, state of all atoms, velocities, forces of thermostats, and the mapped point.
void FixNflowTemper::pack_proposal(int partner) {
  const size_t n = numbers();
  const double energy = whole_->tallied_energy();
  read_arrays();
  if (!whole_->has_other_forces()) {
    std::fill(other_forces_.begin(), other_forces_.end(), 0.0);
  } else {
    // All forces less those of the potential: of thermostats. They go along, for a velocity keeps
    // being pushed by half a step with them.
    whole_->energy(true, true);
    evaluations_++;
    whole_->gather(atom->f, 3, scratch_.data());
    for (size_t i = 0; i < n; i++) other_forces_[i] -= scratch_[i];
  }
  packet_.assign(head_size, 0.0);
  packet_[reduced_energy] = energy / tau(here_);
  pack_arrays();
  const auto found = routes_.find(partner);
  if (found == routes_.end()) return;

  Route &route = found->second;
  const auto &metadata = route.model->metadata();
  const int64_t momenta = metadata.auxiliary ? metadata.coordinates() : 0;
  const double a = variance_of(metadata, tau(here_)), a_there = variance_of(metadata, tau(partner));
  point_.resize(metadata.size());
  mapped_.resize(metadata.size());
  for (size_t i = 0; i < places_.size(); i++) point_[i] = unwrapped_[places_[i]];
  if (momenta > 0) draw_momenta(places_.size(), tau(here_), a);
  packet_[log_det] = route.map.map(point_.data(), tau(here_), tau(partner), mapped_.data());
  const double *p = &point_[places_.size()], *p_there = &mapped_[places_.size()];
  // Normalised, so that the works give the free energies of configurations.
  packet_[reduced_energy] -= nflow::mcmc::log_gaussian(p, momenta, a);
  packet_[momenta_after] = -nflow::mcmc::log_gaussian(p_there, momenta, a_there);
  packet_.insert(packet_.end(), mapped_.begin(), mapped_.end());
}

/// The auxiliary momenta of variance `variance` into the second half of point_.
void FixNflowTemper::draw_momenta(uint64_t number, double tau, double variance) {
  double *momenta = &point_[number];
  if (!velocity_momenta_) {
    RandomStream random(key_, static_cast<uint32_t>(here_), scan_, Purpose::auxiliary);
    random.fill_gaussian(momenta, static_cast<int64_t>(number), std::sqrt(variance));
    return;
  }
  const auto &inverse_masses = masses_->inverse_masses();
  for (size_t i = 0; i < number; i++)
    momenta[i] = velocities_[places_[i]] * std::sqrt(variance / (tau * inverse_masses[places_[i]]));
  if (std::all_of(momenta, momenta + number, [](double p) { return p == 0.0; }))
    throw nflow::Error("auxiliary velocity needs thermal velocities, but all are zero: use "
                       "auxiliary fresh, or dynamics");
}

/// Puts the atoms where the received packet has them; false if they cannot be there.
bool FixNflowTemper::place_proposal(int partner) {
  const size_t n = numbers();
  const double *state = &received_[head_size];
  if (routes_.find(partner) == routes_.end()) {
    whole_->place(state);
    return true;
  }
  const double *mapped = state + 4 * n;
  for (size_t i = 0; i < n; i++) unwrapped_[i] = state[i] + state[n + i] * domain->prd[i % 3];
  for (size_t i = 0; i < places_.size(); i++) unwrapped_[places_[i]] = mapped[i];
  return whole_->replace({unwrapped_.data(), whole_->size(), 3});
}

void FixNflowTemper::settle_proposal(int partner, bool accepted) {
  if (!accepted) {
    if (placed_) {
      whole_->restore();
      whole_->energy(true, true);
      evaluations_++;
    }
    if (whole_->has_other_forces()) add_forces(other_forces_.data(), 1.0);
    return;
  }
  const size_t n = numbers();
  const double *velocities = &received_[head_size + 2 * n];
  take_velocities(partner, velocities, velocities + n);
  if (velocity_momenta_ && routes_.find(partner) != routes_.end())
    take_momenta(partner, velocities + 2 * n + places_.size());
  finish_exchange();
}

/// An accepted exchange without a flow, where both energies are known: only now does anything move.
void FixNflowTemper::exchange_directly(int partner, double energy_there) {
  const size_t n = numbers();
  read_arrays();
  packet_.clear();
  pack_arrays();
  link_->swap(partner, packet_, received_, "an exchange");
  whole_->place(received_.data());
  const double energy = whole_->energy(true, true);
  evaluations_++;
  compare_energies(partner, energy, energy_there);
  // Forces of the thermostats: what is not of the potential.
  whole_->gather(atom->f, 3, other_forces_.data());
  const double *velocities = &received_[2 * n], *all_forces = velocities + n;
  for (size_t i = 0; i < n; i++) other_forces_[i] = all_forces[i] - other_forces_[i];
  take_velocities(partner, velocities, other_forces_.data());
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

/// The velocities of a configuration that came from the partner, and the forces of its thermostats,
/// which are in proportion to velocities.
void FixNflowTemper::take_velocities(int partner, const double *velocities,
                                     const double *other_forces) {
  const size_t n = numbers();
  const double scale = std::sqrt(temperatures_[here_] / temperatures_[partner]);
  for (size_t i = 0; i < n; i++) scratch_[i] = scale * velocities[i];
  if (redraw_) {
    RandomStream random(key_, static_cast<uint32_t>(here_), scan_, Purpose::velocity);
    const auto &inverse_masses = masses_->inverse_masses();
    for (size_t i = 0; i < n; i++) {
      // A component that stands still is held by something.
      if (scratch_[i] == 0.0) continue;
      scratch_[i] = std::sqrt(tau(here_) * inverse_masses[i]) * random.gaussian();
    }
    keep_momentum(velocities, scale);
  }
  whole_->scatter(scratch_.data(), 3, atom->v);
  if (whole_->has_other_forces()) add_forces(other_forces, scale);
}

/// Gives the new velocities in scratch_ the total momentum that came with the configuration: where
/// dynamics conserves it, it is not thermal; where not, it is, and the rest was drawn beside it.
void FixNflowTemper::keep_momentum(const double *velocities, double scale) {
  const auto &inverse_masses = masses_->inverse_masses();
  for (size_t k = 0; k < 3; k++) {
    double mass = 0.0, excess = 0.0;
    for (size_t i = k; i < numbers(); i += 3) {
      if (velocities[i] == 0.0) continue;
      mass += 1.0 / inverse_masses[i];
      excess += (scratch_[i] - scale * velocities[i]) / inverse_masses[i];
    }
    for (size_t i = k; i < numbers() && mass > 0.0; i += 3)
      if (velocities[i] != 0.0) scratch_[i] -= excess / mass;
  }
}

void FixNflowTemper::add_forces(const double *forces, double scale) {
  whole_->gather(atom->f, 3, scratch_.data());
  for (size_t i = 0; i < scratch_.size(); i++) scratch_[i] += scale * forces[i];
  whole_->scatter(scratch_.data(), 3, atom->f);
}

/// Velocities from auxiliary momenta that came through the flow.
void FixNflowTemper::take_momenta(int partner, const double *momenta) {
  const auto &metadata = routes_[partner].model->metadata();
  const double variance = variance_of(metadata, tau(here_));
  const auto &inverse_masses = masses_->inverse_masses();
  whole_->gather(atom->v, 3, scratch_.data());
  for (size_t i = 0; i < places_.size(); i++)
    scratch_[places_[i]] =
        momenta[i] * std::sqrt(tau(here_) * inverse_masses[places_[i]] / variance);
  whole_->scatter(scratch_.data(), 3, atom->v);
}
