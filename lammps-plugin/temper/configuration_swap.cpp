#include "temper/configuration_swap.h"

#include "base/error.h"
#include "base/random.h"
#include "flow/prior.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "lammps/target.h"
#include "root_model.h"

#include "comm.h"
#include "error.h"
#include "force.h"

#include <cmath>

namespace LAMMPS_NS {

using nflow::Purpose;
using nflow::RandomStream;

namespace {

// The numbers in the head of a packet: reduced energy before, log_det, energy of the momenta
// after.
enum { reduced_energy, log_det, momenta_after, head_size };

using Field = GroupPositions::Field;

} // namespace

ConfigurationSwap::ConfigurationSwap(LAMMPS *lmp, const TemperCommand &command, PartitionLink &link,
                                     GroupPositions &whole, PotentialEnergy &potential,
                                     LammpsTarget &masses, ExchangeFlows &flows)
    : Pointers(lmp), command_(command), link_(link), whole_(whole), potential_(potential),
      masses_(masses), flows_(flows), arrays_(whole.arrays()), packet_(arrays_), received_(arrays_),
      point_(arrays_), unwrapped_(arrays_), scratch_(arrays_) {}

int64_t ConfigurationSwap::numbers() const {
  return 3 * whole_.size();
}

double ConfigurationSwap::tau(double temperature) const {
  return force->boltz * temperature;
}

/// With forces, and with what else this step's output needs.
double ConfigurationSwap::energy() {
  evaluations_++;
  return potential_.evaluate(true, true);
}

double ConfigurationSwap::energy_of_proposal() {
  evaluations_++;
  return potential_.evaluate_proposal(true, true);
}

double ConfigurationSwap::propose(const Encounter &encounter, double energy_here) {
  flows_.audit(encounter.partner, encounter.scan, encounter.temperature_here,
               encounter.temperature_there);
  pack_proposal(encounter, energy_here);
  link_.swap(encounter.partner, packet_, received_, "an exchange");
  placed_ = masses_.agree(place_proposal(encounter.partner)) != 0;
  if (compares_noise(encounter))
    compare_noise(encounter, section(packet_, Section::other_forces),
                  section(received_, Section::other_forces));
  const double u = placed_ ? energy_of_proposal() : INFINITY;
  const auto &head = received_.head;
  return nflow::tempering::work(head[reduced_energy],
                                u / tau(encounter.temperature_here) + head[momenta_after],
                                head[log_det]);
}

/// State, velocities and forces of all atoms, with room for `mapped` numbers behind them.
void ConfigurationSwap::pack_arrays(int64_t mapped) {
  const int64_t n = numbers();
  packet_.body.resize(4 * n + mapped);
  unwrapped_.resize(n);
  scratch_.resize(n);
  whole_.read(unwrapped_.data());
  nflow::copy(arrays_, whole_.state(), 2 * n, section(packet_, Section::state));
  whole_.gather(Field::velocity, 3, section(packet_, Section::velocities));
  whole_.gather(Field::force, 3, section(packet_, Section::other_forces));
}

/// Head, state of all atoms, velocities, forces of thermostats, and the mapped point.
void ConfigurationSwap::pack_proposal(const Encounter &encounter, double energy_here) {
  auto *route = flows_.route(encounter.partner);
  pack_arrays(route ? route->model->metadata().size() : 0);
  double *forces = section(packet_, Section::other_forces);
  if (potential_.has_other_forces()) {
    // Forces of thermostats go along, for a velocity keeps being pushed by half a step with them.
    energy();
    subtract_potential(forces);
  } else {
    arrays_.fill(0.0, numbers(), forces);
  }
  packet_.head.assign(head_size, 0.0);
  packet_.head[reduced_energy] = energy_here / tau(encounter.temperature_here);
  if (route) map_proposal(encounter, *route);
}

/// All forces less those of the potential, which the last energy() found: of thermostats.
void ConfigurationSwap::subtract_potential(double *forces) {
  whole_.gather(Field::force, 3, scratch_.data());
  arrays_.add_scaled(-1.0, scratch_.data(), forces, numbers(), forces);
}

void ConfigurationSwap::map_proposal(const Encounter &encounter, ExchangeFlows::Route &route) {
  const double here = tau(encounter.temperature_here), there = tau(encounter.temperature_there);
  const auto &metadata = route.model->metadata();
  const auto &places = flows_.places();
  const int64_t moved = places.size(), momenta = metadata.auxiliary ? moved : 0;
  const double a = route.model->momentum_variance(here);
  const double a_there = route.model->momentum_variance(there);
  point_.resize(metadata.size());
  arrays_.gather(places.data(), moved, unwrapped_.data(), point_.data());
  if (momenta > 0) draw_momenta(encounter, a);
  double *mapped = section(packet_, Section::mapped);
  auto &head = packet_.head;
  head[log_det] = route.map.map(point_.data(), here, there, mapped);
  // Normalised, so that the works give the free energies of configurations.
  head[reduced_energy] -= nflow::log_gaussian(arrays_, point_.data() + moved, momenta, a);
  head[momenta_after] = -nflow::log_gaussian(arrays_, mapped + moved, momenta, a_there);
}

/// The auxiliary momenta of variance `variance` into the second half of point_.
void ConfigurationSwap::draw_momenta(const Encounter &encounter, double variance) {
  const auto &places = flows_.places();
  const int64_t moved = places.size();
  double *momenta = point_.data() + moved;
  if (!command_.velocity_momenta) {
    RandomStream random(command_.key, static_cast<uint32_t>(link_.index()), encounter.scan,
                        Purpose::auxiliary);
    arrays_.fill_gaussian(random, std::sqrt(variance), moved, momenta);
    return;
  }
  arrays_.gather(places.data(), moved, section(packet_, Section::velocities), momenta);
  arrays_.velocities_to_gaussians(tau(encounter.temperature_here), variance,
                                  flows_.inverse_masses().data(), moved, momenta);
  if (arrays_.all_zero(moved, momenta))
    throw nflow::Error("auxiliary velocity needs thermal velocities, but all are zero: use "
                       "auxiliary fresh, or dynamics");
}

/// Puts the atoms where the received packet has them; false if they cannot be there.
bool ConfigurationSwap::place_proposal(int partner) {
  const double *state = section(received_, Section::state);
  if (!flows_.route(partner)) {
    whole_.place(state);
    return true;
  }
  const auto &places = flows_.places();
  whole_.unwrap(state, unwrapped_.data());
  arrays_.scatter(places.data(), places.size(), section(received_, Section::mapped),
                  unwrapped_.data());
  return whole_.replace(unwrapped_.data());
}

void ConfigurationSwap::settle(const Encounter &encounter, bool accepted) {
  if (!accepted) return go_back();
  take_velocities(encounter);
  const auto *route = flows_.route(encounter.partner);
  if (command_.velocity_momenta && route) take_momenta(encounter, *route->model);
}

void ConfigurationSwap::go_back() {
  if (placed_) {
    whole_.restore();
    energy();
  }
  if (potential_.has_other_forces())
    whole_.add_forces(1.0, section(packet_, Section::other_forces));
}

void ConfigurationSwap::exchange_directly(const Encounter &encounter, double energy_there) {
  packet_.head.clear();
  pack_arrays(0);
  link_.swap(encounter.partner, packet_, received_, "an exchange");
  whole_.place(section(received_, Section::state));
  compare_energies(encounter, energy(), energy_there);
  subtract_potential(section(received_, Section::other_forces));
  if (compares_noise(encounter)) return_noise(encounter);
  take_velocities(encounter);
}

/// The energies of one configuration in two partitions. Where they differ, either the force fields
/// do, or the neighbor lists of the partition from which it came were out of date.
void ConfigurationSwap::compare_energies(const Encounter &encounter, double here, double there) {
  const double scale =
      std::fabs(there) + static_cast<double>(whole_.size()) * tau(encounter.temperature_here);
  const auto differ = [scale](double a, double b) { return !(std::fabs(a - b) <= 1e-6 * scale); };
  Packet mine(arrays_), others(arrays_);
  mine.head = {differ(here, there) ? 1.0 : 0.0};
  link_.swap(encounter.partner, mine, others, "an exchange");
  if (mine.head[0] == 0.0 && others.head[0] == 0.0) return;
  const auto [now_here, now_there] = energies_with_new_lists(encounter);
  if (differ(now_here, now_there)) {
    char text[256];
    snprintf(text, sizeof(text),
             "a configuration has the potential energy %.10g here, but %.10g in partition %d: give "
             "all partitions the same force field, or say hamiltonian own",
             now_here, now_there, encounter.partner);
    throw nflow::Error(text);
  }
  if (!warned_ && comm->me == 0)
    error->warning(FLERR, "fix nflow/temper: the energy of a configuration that was exchanged "
                          "changed when its neighbor lists were built anew: pairs were missed; use "
                          "neigh_modify delay 0 every 1 check yes, or a larger skin");
  warned_ = true;
}

/// Of the configuration that came, here and where it came from. Leaves the atoms where they are.
std::pair<double, double> ConfigurationSwap::energies_with_new_lists(const Encounter &encounter) {
  Packet mine(arrays_), others(arrays_);
  whole_.place(section(packet_, Section::state));
  mine.head = {energy()};
  link_.swap(encounter.partner, mine, others, "an exchange");
  whole_.place(section(received_, Section::state));
  return {energy(), others.head[0]};
}

/// At the first exchanges with a partner. Forces that are meant not to count may be alike.
bool ConfigurationSwap::compares_noise(const Encounter &encounter) {
  return potential_.has_other_forces() && command_.uncounted.empty() &&
         !noise_[encounter.partner].decided();
}

/// Each partition knows the thermostats' forces on the configuration that came to it: the other one
/// gets them, and knows both.
void ConfigurationSwap::return_noise(const Encounter &encounter) {
  Packet mine(arrays_), others(arrays_);
  const double *arrived = section(received_, Section::other_forces);
  mine.body.resize(numbers());
  nflow::copy(arrays_, arrived, numbers(), mine.body.data());
  link_.swap(encounter.partner, mine, others, "an exchange");
  compare_noise(encounter, others.body.data(), arrived);
}

/// Thermostats with one seed in several partitions push all configurations alike.
void ConfigurationSwap::compare_noise(const Encounter &encounter, const double *mine,
                                      const double *others) {
  auto &comparison = noise_[encounter.partner];
  std::vector<double> a(numbers()), b(numbers());
  arrays_.copy_out(mine, numbers() * sizeof(double), a.data());
  arrays_.copy_out(others, numbers() * sizeof(double), b.data());
  comparison.add(a, b);
  if (!comparison.alike()) return;
  char text[256];
  snprintf(text, sizeof(text),
           "the thermostats of this partition and of partition %d make the same noise (correlation "
           "%.2f), so that their configurations are not independent: give thermostats another seed "
           "in each partition, by a world-style variable",
           encounter.partner, comparison.correlation());
  throw nflow::Error(text);
}

/// The velocities of the configuration that came from the partner, and the forces of its
/// thermostats, which are in proportion to velocities.
void ConfigurationSwap::take_velocities(const Encounter &encounter) {
  const double scale = std::sqrt(encounter.temperature_here / encounter.temperature_there);
  double *velocities = section(received_, Section::velocities);
  arrays_.scale(scale, numbers(), velocities);
  if (command_.redraw) {
    RandomStream random(command_.key, static_cast<uint32_t>(link_.index()), encounter.scan,
                        Purpose::velocity);
    arrays_.redraw_velocities(random, tau(encounter.temperature_here), masses_.inverse_masses(),
                              whole_.size(), velocities);
  }
  whole_.scatter(Field::velocity, velocities, 3);
  if (potential_.has_other_forces())
    whole_.add_forces(scale, section(received_, Section::other_forces));
}

/// Velocities from auxiliary momenta that came through the flow.
void ConfigurationSwap::take_momenta(const Encounter &encounter, const RootModel &model) {
  const double here = tau(encounter.temperature_here);
  const auto &places = flows_.places();
  const int64_t moved = places.size();
  double *momenta = section(received_, Section::mapped) + moved;
  arrays_.gaussians_to_velocities(here, model.momentum_variance(here),
                                  flows_.inverse_masses().data(), moved, momenta);
  whole_.gather(Field::velocity, 3, scratch_.data());
  arrays_.scatter(places.data(), moved, momenta, scratch_.data());
  whole_.scatter(Field::velocity, scratch_.data(), 3);
}

void ConfigurationSwap::rescale_velocities(double factor) {
  scratch_.resize(numbers());
  whole_.gather(Field::velocity, 3, scratch_.data());
  arrays_.scale(factor, numbers(), scratch_.data());
  whole_.scatter(Field::velocity, scratch_.data(), 3);
}

double ConfigurationSwap::bytes() const {
  int64_t count = 0;
  for (const auto *buffer : {&packet_.body, &received_.body, &point_, &unwrapped_, &scratch_})
    count += buffer->size();
  return static_cast<double>(count) * sizeof(double);
}

} // namespace LAMMPS_NS
