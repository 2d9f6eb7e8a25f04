#include "mc/lammps_reservoir.h"

#include "base/error.h"
#include "base/text.h"
#include "estimators/autocorrelation.h"
#include "estimators/configurational_temperature.h"
#include "files/dump_reader.h"
#include "root_model.h"

#include "atom.h"
#include "comm.h"

#include <algorithm>
#include <cmath>

namespace LAMMPS_NS {

namespace {

constexpr double largest_z = 5.0;      // standard errors
constexpr int64_t most_compared = 100; // configurations, some of which a change may not concern

template <class Value>
void share(MPI_Comm world, std::vector<Value> &values) {
  int64_t size = static_cast<int64_t>(values.size());
  MPI_Bcast(&size, 1, MPI_INT64_T, 0, world);
  values.resize(size);
  constexpr int64_t chunk = int64_t(1) << 24; // MPI counts in int
  for (int64_t i = 0; i < size; i += chunk)
    MPI_Bcast(values.data() + i, static_cast<int>(std::min(chunk, size - i) * sizeof(Value)),
              MPI_BYTE, 0, world);
}

void share(MPI_Comm world, std::string &text) {
  std::vector<char> letters(text.begin(), text.end());
  share(world, letters);
  text.assign(letters.begin(), letters.end());
}

} // namespace

LammpsReservoir::LammpsReservoir(LAMMPS *lmp, std::shared_ptr<nflow::mcmc::Reservoir> frames,
                                 int64_t dim, nflow::Arrays &arrays)
    : Pointers(lmp), dim_(dim), frames_(std::move(frames)), x_(arrays), forces_(arrays) {
  std::vector<int> periodic(3, 0);
  run_on_root(world, [&] {
    auto samples = nflow::read_dumps({frames_->file}, dim);
    if (samples.count() < 2)
      throw nflow::Error(described() + " has fewer than two configurations: sample more at T0");
    ids_.assign(samples.ids.begin(), samples.ids.end());
    system_.types = samples.types;
    system_.box = samples.box;
    system_.units = samples.units;
    periodic.assign(samples.periodic, samples.periodic + 3);
    frames_->x = std::move(samples.x);
  });
  share(world, ids_);
  share(world, system_.types);
  share(world, system_.box);
  share(world, system_.units);
  share(world, periodic);
  share(world, frames_->x);
  system_.periodic.assign(periodic.begin(), periodic.end());
  numbers_ = static_cast<int64_t>(ids_.size()) * dim;
}

void LammpsReservoir::require_match(const std::vector<tagint> &ids, const nflow::System &system) {
  if (ids_.size() != ids.size())
    throw nflow::Error(described() + " has " + std::to_string(ids_.size()) +
                       " atoms, but the group has " + std::to_string(ids.size()) +
                       ": dump all atoms of the group");
  auto sorted = ids; // whose rows may be in another order
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < ids.size(); i++)
    if (ids_[i] != sorted[i])
      throw nflow::Error(described() + " has no atom " + std::to_string(sorted[i]) +
                         ", which the group has: dump the atoms of the group with their IDs");
  // Species of fix atom/swap: another numbering of the same atoms.
  if (atom->molecular == Atom::ATOMIC && !atom->q_flag && !system_.types.empty() &&
      system_.types != system.types) {
    nflow::relabel(system_.types, system.types, dim_, frames_->x);
    frames_->revision++;
  }
  for (size_t i = 0; i < ids.size(); i++)
    if (!system_.types.empty() && system_.types[i] != system.types[i])
      throw nflow::Error(described() + " has type " + std::to_string(system_.types[i]) +
                         " for atom " + std::to_string(ids[i]) + ", but the simulation has type " +
                         std::to_string(system.types[i]) + ": number the atoms alike in both");
  for (int64_t k = 0; k < dim_; k++) {
    if (system_.periodic[k] != system.periodic[k])
      throw nflow::Error(described() + " and the simulation differ in the boundary along axis " +
                         std::string(1, static_cast<char>('x' + k)) +
                         ": make it with the boundaries of the simulation");
    if (system.periodic[k] && std::fabs(system_.box[k] - system.box[k]) > 1e-6 * system.box[k])
      throw nflow::Error(described() + " has the box length " + nflow::number(system_.box[k]) +
                         " along axis " + std::string(1, static_cast<char>('x' + k)) +
                         ", but the simulation has " + nflow::number(system.box[k]) +
                         ": make it in the box of the simulation");
  }
  if (!system_.units.empty() && system_.units != system.units)
    throw nflow::Error(described() + " is in units " + system_.units +
                       ", but the simulation is in units " + system.units +
                       ": make it in the units of the simulation");
}

double LammpsReservoir::energy(nflow::Target &target, const double *x) {
  x_.assign(x, numbers_);
  return target.energy(x_.data());
}

/// Whether the energies that are there, if any, are still those of this force field.
bool LammpsReservoir::unchanged(nflow::Target &target) {
  if (frames_->energies.empty()) return false;
  const int64_t tried = std::min(count(), most_compared);
  for (int64_t i = 0; i < tried; i++)
    if (!has_energy(target, i * (count() - 1) / std::max<int64_t>(1, tried - 1))) return false;
  return true;
}

bool LammpsReservoir::has_energy(nflow::Target &target, int64_t frame) {
  const double now = energy(target, &frames_->x[frame * numbers_]),
               known = frames_->energies[frame];
  return std::fabs(now - known) <= 1e-9 * (1.0 + std::fabs(known));
}

void LammpsReservoir::require_unchanged(nflow::Target &target, int64_t frames) {
  bool same = true;
  for (int64_t i = 0; i < frames && same; i++) same = has_energy(target, compared_++ % count());
  if (same) return;
  throw nflow::Error(described() + " has other energies than at the start of the run: something "
                                   "changes the force field (fix adapt, pair_coeff), which move "
                                   "mapped cannot follow: remove it, or use move excursion");
}

void LammpsReservoir::evaluate(nflow::Target &target, const nflow::Metadata &metadata,
                               double temperature, double tau) {
  if (unchanged(target)) return;
  auto &energies = frames_->energies;
  energies.clear();
  for (int64_t i = 0; i < count(); i++) {
    energies.push_back(energy(target, &frames_->x[i * numbers_]));
    if (!std::isfinite(energies.back()))
      throw nflow::Error(described() + " has an infinite energy in configuration " +
                         std::to_string(i + 1) +
                         ": it is not from this force field, or not at equilibrium");
  }
  require_mean_energy(metadata, temperature);
  require_configurational_temperature(target, temperature, tau);
}

/// Against what the trainer has recorded of its own samples.
void LammpsReservoir::require_mean_energy(const nflow::Metadata &metadata,
                                          double temperature) const {
  const auto found = metadata.provenance.find("mean_energy");
  if (found == metadata.provenance.end() || !found->is_array()) return;
  for (const auto &entry : *found) {
    const auto value = [&](const char *name) {
      const bool there = entry.is_object() && entry.contains(name) && entry[name].is_number();
      return there ? entry[name].get<double>() : NAN;
    };
    if (!(std::fabs(value("temperature") - temperature) <= 1e-6 * temperature)) continue;
    const double mean = value("mean"), error = value("error");
    if (!std::isfinite(mean) || !std::isfinite(error)) continue;
    const auto own = nflow::estimators::mean_with_error(frames_->energies);
    if (std::fabs(own.mean - mean) <= largest_z * std::hypot(own.error, error)) continue;
    throw nflow::Error(described() + " has the mean energy " + nflow::number(own.mean) + " +- " +
                       nflow::number(own.error) +
                       ", not that of T0 = " + nflow::number(temperature) +
                       ", which the model records as " + nflow::number(mean) + " +- " +
                       nflow::number(error) + ": sample it at T0 with this force field");
  }
}

/// By the forces of the target, where it has any.
void LammpsReservoir::require_configurational_temperature(nflow::Target &target, double temperature,
                                                          double tau) {
  using nflow::estimators::ConfigurationalTemperature;
  const double distance = nflow::estimators::typical_distance(
      system_.periodic[0] ? system_.box : std::vector<double>(), frames_->x.data(), count(),
      static_cast<int64_t>(ids_.size()), dim_);
  const ConfigurationalTemperature law(numbers_, distance);
  const auto forces = [&](int64_t points, const double *x, double *values) {
    for (int64_t i = 0; i < points; i++) {
      x_.assign(x + i * numbers_, numbers_);
      forces_.resize(numbers_);
      if (!std::isfinite(target.energy_and_forces(x_.data(), forces_.data()))) return false;
      forces_.copy_out(values + i * numbers_);
    }
    return true;
  };
  std::vector<double> results;
  const int64_t used = law.frames(count());
  for (int64_t i = 0; i < used; i++)
    law.add(i, &frames_->x[i * count() / used * numbers_], forces, results);
  const auto measured = ConfigurationalTemperature::tau(results);
  if (!ConfigurationalTemperature::differs(measured, tau)) return;
  const double kelvin = temperature / tau; // 1/k_B
  throw nflow::Error(described() + " has the configurational temperature " +
                     nflow::number(kelvin * measured.mean) + " +- " +
                     nflow::number(kelvin * measured.error) + ", not that of T0 = " +
                     nflow::number(temperature) + ": sample it at T0 with this force field");
}

} // namespace LAMMPS_NS
