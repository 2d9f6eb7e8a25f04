// What the partitions of fix nflow/temper must agree on before a run, and their flows.

#include "temper/fix_nflow_temper.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/target.h"
#include "mcmc/proposal_block.h"
#include "require_usable.h"
#include "root_model.h"
#include "temper/exchange_kind.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "force.h"
#include "modify.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <sstream>

using namespace LAMMPS_NS;
using nflow::tempering::ExchangeMap;
using nflow::tempering::HotEnd;
using nflow::tempering::ReplicaFlow;

namespace {

std::string short_text(double value) {
  char text[32];
  snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

/// What two partitions may differ in, in the order of FixNflowTemper::facts(): "partition 1 has 3
/// as its <what>", or, where the number is a hash that says nothing, "partition 1 has other
/// <what>".
struct Fact {
  const char *what, *remedy;
  double tolerance; // relative
  bool hash;
};
const Fact compared[] = {
    {"units, dimension or boundaries", "give all partitions the same system", 0.0, true},
    {"number of atoms", "give all partitions the same system", 0.0, false},
    {"atom IDs, types, masses or charges, or another group", "give all partitions the same system",
     0.0, true},
    {"numbers of bonds, angles, dihedrals or impropers", "give all partitions the same system", 0.0,
     true},
    {"lower edge of the box in x", "give all partitions the same box", 1e-6, false},
    {"lower edge of the box in y", "give all partitions the same box", 1e-6, false},
    {"lower edge of the box in z", "give all partitions the same box", 1e-6, false},
    {"length of the box in x", "give all partitions the same box", 1e-6, false},
    {"length of the box in y", "give all partitions the same box", 1e-6, false},
    {"length of the box in z", "give all partitions the same box", 1e-6, false},
    {"number of exchanges so far",
     "if they come from restart files, let all read files that were written at the same step", 0.0,
     false},
    {"first step of the run",
     "give all partitions the same run and read_restart commands, and reset_timestep after "
     "minimize",
     0.0, false},
    {"last step of the run", "give all partitions the same run commands", 0.0, false},
    {"keywords or a list of other temperatures", "give the same command in all partitions", 0.0,
     true},
    {"state of tuning, temperatures or replicas in its restart file",
     "the restart files are of different runs: read files of one run", 0.0, true},
};
constexpr int fact_count = sizeof(compared) / sizeof(compared[0]);

double hash_of(const std::string &text) {
  return nflow::named_seed(0, text);
}

} // namespace

void FixNflowTemper::require_usable() {
  LAMMPS_NS::require_usable(lmp, igroup, platform_);
  LAMMPS_NS::require_usable(lmp, 0, platform_); // of all atoms: all are exchanged
  charges_vary_ = false;
  int of_this_style = 0;
  for (int i = 0; i < modify->nfix; i++) {
    const Fix *fix = modify->fix[i];
    of_this_style += compat::begins_with(fix->style, {"nflow/temper"}); // or its /kk variants
    charges_vary_ = charges_vary_ || compat::begins_with(fix->style, {"qeq", "acks2"});
    if (compat::begins_with(fix->style,
                            {"atom/swap", "sgcmc", "semi/grand", "gcmc", "mol/swap", "deposit",
                             "pour", "evaporate", "append/atoms", "charge/regulation", "bond/break",
                             "bond/create", "bond/react", "bond/swap"}))
      throw nflow::Error("fix " + std::string(fix->id) + " (" + fix->style +
                         ") changes atoms, types or bonds, which do not go along in an exchange: "
                         "remove it");
    if (velocity_momenta_ && compat::begins_with(fix->style, {"nvt"}))
      throw nflow::Error("auxiliary velocity needs velocities that are all thermal, but fix " +
                         std::string(fix->id) +
                         " (nvt) conserves the total momentum: use fix langevin, or auxiliary "
                         "fresh");
  }
  if (of_this_style > 1)
    throw nflow::Error("there are several fixes nflow/temper: use one at a time");
  if (atom->mu_flag || atom->omega_flag || atom->angmom_flag || atom->torque_flag ||
      atom->ellipsoid_flag || atom->line_flag || atom->tri_flag || atom->body_flag || atom->sp_flag)
    throw nflow::Error(
        "atoms have dipoles, spins, shapes or rotations, which do not go along in an "
        "exchange: use point particles");
}

std::vector<double> FixNflowTemper::facts() const {
  std::ostringstream system, atoms, topology, command, state;
  for (auto *text : {&system, &atoms, &topology, &command, &state}) text->precision(10);
  system << update->unit_style << domain->dimension << domain->xperiodic << domain->yperiodic
         << domain->zperiodic;
  describe_atoms(atoms);
  topology << atom->nbonds << ' ' << atom->nangles << ' ' << atom->ndihedrals << ' '
           << atom->nimpropers;
  command << settings_;
  if (given_temperatures_.size() > 1)
    for (const double temperature : given_temperatures_) command << temperature << ' ';
  state << tuning_;
  for (const double temperature : temperatures_) state << ' ' << temperature;
  for (int i = 0; replicas_ && i < count_; i++) state << ' ' << replicas_->replica_at(i);
  return {hash_of(system.str()),
          static_cast<double>(whole_->size()),
          hash_of(atoms.str()),
          hash_of(topology.str()),
          domain->boxlo[0],
          domain->boxlo[1],
          domain->boxlo[2],
          domain->prd[0],
          domain->prd[1],
          domain->prd[2],
          static_cast<double>(scan_),
          static_cast<double>(update->firststep),
          static_cast<double>(update->laststep),
          hash_of(command.str()),
          hash_of(state.str()),
          given_temperatures_[given_temperatures_.size() == 1 ? 0 : here_]};
}

/// IDs, types, masses, charges and membership in the group.
void FixNflowTemper::describe_atoms(std::ostream &out) const {
  platform_.to_host(lmp);
  const auto &ids = whole_->ids();
  std::vector<double> of_atoms(2 * ids.size(), 0.0); // charge and membership
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t place = whole_->ordinal(i);
    if (atom->q) of_atoms[2 * place] = atom->q[i];
    if (atom->mask[i] & groupbit) of_atoms[2 * place + 1] = 1.0;
  }
  MPI_Allreduce(MPI_IN_PLACE, of_atoms.data(), static_cast<int>(of_atoms.size()), MPI_DOUBLE,
                MPI_SUM, world);
  const auto types = whole_->system().types;
  const auto &inverse_masses = masses_->host_inverse_masses();
  for (size_t i = 0; i < ids.size(); i++)
    out << ids[i] << ' ' << types[i] << ' ' << inverse_masses[3 * i] << ' ' << of_atoms[2 * i + 1]
        << ' ' << (charges_vary_ ? 0.0 : of_atoms[2 * i]) << '\n';
}

/// Everyone compares everyone with the first partition and comes to the same sentence.
void FixNflowTemper::compare_partitions() {
  const auto mine = facts();
  const int columns = fact_count + 1;
  std::vector<double> all;
  link_->gather_all(mine.data(), columns, all, "the start of the run");
  for (int k = 0; k < fact_count; k++)
    for (int partition = 1; partition < count_; partition++) {
      const double first = all[k], other = all[partition * columns + k];
      const double scale = std::fabs(first) + (compared[k].tolerance > 0.0 ? domain->prd[0] : 0.0);
      if (std::fabs(other - first) <= compared[k].tolerance * scale) continue;
      const std::string who = "partition " + std::to_string(partition) + " has ";
      const std::string sentence = compared[k].hash
                                       ? who + "other " + compared[k].what + " than partition 0"
                                       : who + short_text(other) + " as its " + compared[k].what +
                                             ", partition 0 has " + short_text(first);
      link_->stop_together(sentence + ": " + compared[k].remedy);
    }
  if (started_) return;
  std::vector<double> own_ones;
  for (int partition = 0; partition < count_; partition++)
    own_ones.push_back(all[partition * columns + fact_count]);
  take_temperatures(own_ones);
}

/// Takes the temperatures of the command, one of each partition, unless a tuned ladder came from a
/// restart file.
void FixNflowTemper::take_temperatures(const std::vector<double> &own_ones) {
  const bool ascending = own_ones[1] > own_ones[0];
  for (int i = 0; i + 1 < count_; i++) {
    const double a = own_ones[i], b = own_ones[i + 1];
    if (same_temperature(a, b))
      link_->stop_together("partitions " + std::to_string(i) + " and " + std::to_string(i + 1) +
                           " have the same temperature " + short_text(a) +
                           ": give each one of its own");
    if ((b > a) != ascending)
      link_->stop_together("the temperatures are not in order: " + short_text(b) +
                           " of partition " + std::to_string(i + 1) + " comes after " +
                           short_text(a) + "; sort them, ascending or descending");
  }
  if (temperatures_of_restart_) {
    for (int i = 0; i < count_; i++)
      if ((tune_scans_ == 0 || i == 0 || i == count_ - 1) &&
          !same_temperature(own_ones[i], temperatures_[i]))
        link_->stop_together("partition " + std::to_string(i) + " has the temperature " +
                             short_text(own_ones[i]) + ", its restart file " +
                             short_text(temperatures_[i]) + ": continue with the same ladder");
  } else {
    temperatures_ = own_ones;
  }
  if (!replicas_)
    replicas_ = std::make_unique<ReplicaFlow>(count_, ascending ? HotEnd::last : HotEnd::first);
}

void FixNflowTemper::find_thermostats() {
  thermostats_.clear();
  nose_hoover_.clear();
  for (int i = 0; i < modify->nfix; i++) {
    Fix *fix = modify->fix[i];
    int dim = -1;
    if (fix == this || !fix->extract("t_target", dim) || dim != 0) continue;
    thermostats_.push_back(fix);
    if (compat::begins_with(fix->style, {"nvt"})) nose_hoover_.push_back(fix);
  }
}

void FixNflowTemper::require_thermostats_agree() const {
  for (Fix *thermostat : thermostats_) {
    int dim = 0;
    const double target = *static_cast<double *>(thermostat->extract("t_target", dim));
    if (!same_temperature(target, temperatures_[here_]))
      throw nflow::Error("fix " + std::string(thermostat->id) + " (" + thermostat->style +
                         ") has the temperature " + short_text(target) + ", but this partition " +
                         short_text(temperatures_[here_]) +
                         ": give both the same, constant temperature");
  }
}

std::string FixNflowTemper::model_of(int i, int j) const {
  if (model_files_.empty()) return "";
  return one_model_ ? model_files_[0] : model_files_[std::min(i, j)];
}

/// Loads the flows, once, and compares them with the system, before every run.
void FixNflowTemper::prepare_routes() {
  for (int partner = 0; partner < count_; partner++) {
    if (partner == here_ || (adjacent_ && std::abs(partner - here_) != 1)) continue;
    const std::string file = model_of(here_, partner);
    if (file.empty()) continue;
    auto &model = models_[file];
    if (!model) {
      model = std::make_unique<RootModel>(world, file, device_, universe->iworld, platform_);
      if (comm->me == 0) utils::logmesg(lmp, "fix nflow/temper: " + model->placement() + "\n");
    }
    require_fit(*model, file);
    const auto &metadata = model->metadata();
    const auto kind = exchange_kind(metadata, temperatures_[here_], temperatures_[partner], file);
    if (routes_.count(partner)) continue;
    routes_[partner] = {model.get(), ExchangeMap(kind, model.get(), metadata.size(), arrays_)};
    check_flow(partner);
  }
  if (routes_.empty() && velocity_momenta_)
    throw nflow::Error(
        "auxiliary velocity is for flows with auxiliary momenta: give one, or remove it");
}

/// Compares a flow with the group as it is now, and finds the numbers that it moves.
void FixNflowTemper::require_fit(const RootModel &model, const std::string &file) {
  const auto &metadata = model.metadata();
  if (group_ && flow_dim_ != metadata.dim)
    throw nflow::Error("model file '" + file +
                       "' moves other components of the atoms than the one before: give flows of "
                       "one kind");
  if (!group_) {
    flow_dim_ = metadata.dim;
    group_ = platform_.positions(lmp, igroup, static_cast<int>(metadata.dim), metadata.periodic);
  }
  group_->init();
  nflow::require_match(metadata, group_->system(), file);
  if (metadata.prior == nflow::Prior::boltzmann && tune_scans_ > 0)
    throw nflow::Error("tune moves the temperatures, for which model file '" + file +
                       "' is made: leave tune out, or use a steerable model");
  if (velocity_momenta_ && !metadata.auxiliary)
    throw nflow::Error(
        "auxiliary velocity needs a flow with auxiliary momenta, which model file '" + file +
        "' has not: leave it out");
  std::vector<int64_t> places;
  for (const auto atom_id : group_->ids()) {
    const auto &ids = whole_->ids();
    const auto place = std::lower_bound(ids.begin(), ids.end(), atom_id) - ids.begin();
    for (int64_t k = 0; k < metadata.dim; k++) places.push_back(3 * place + k);
  }
  places_.assign(places.data(), static_cast<int64_t>(places.size()));
  inverse_masses_.resize(places_.size());
  arrays_.gather(places_.data(), places_.size(), masses_->inverse_masses(), inverse_masses_.data());
}

void FixNflowTemper::check_flow(int partner) {
  Route &route = routes_[partner];
  nflow::Buffer<double> x(arrays_, route.model->metadata().coordinates());
  group_->read(x.data());
  check_exchange(*route.model, route.map, tau(here_), tau(partner), x, arrays_);
  if (!route.model->jacobian_checked() && comm->me == 0)
    error->warning(FLERR, "a flow of fix nflow/temper is too large to compare its log_det with its "
                          "Jacobian: only its round trip was checked");
}
