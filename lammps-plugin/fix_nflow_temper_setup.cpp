// What the partitions of fix nflow/temper must agree on before a run, and their flows.

#include "fix_nflow_temper.h"

#include "exchange_kind.h"
#include "group_configuration.h"
#include "lammps_compat.h"
#include "mcmc/proposals.h"
#include "nflow_error.h"
#include "partition_link.h"
#include "root_model.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "force.h"
#include "modify.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>

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
/// as its <what>".
struct Fact {
  const char *what, *remedy;
  double tolerance; // relative
};
const Fact compared[] = {
    {"number of atoms", "give all partitions the same system", 0.0},
    {"hash of atom IDs, types and group", "give all partitions the same atoms and group", 0.0},
    {"length of the box in x", "give all partitions the same box", 1e-6},
    {"length of the box in y", "give all partitions the same box", 1e-6},
    {"length of the box in z", "give all partitions the same box", 1e-6},
    {"number of exchanges so far",
     "if they come from restart files, let all read files that were written at the same step", 0.0},
    {"first step of the run", "give all partitions the same run and read_restart commands", 0.0},
    {"last step of the run", "give all partitions the same run commands", 0.0},
    {"hash of the keywords", "give the same keywords in all partitions", 0.0},
    {"hash of the permutation of replicas",
     "the restart files are of different runs: read files of one run", 0.0},
};
constexpr int fact_count = sizeof(compared) / sizeof(compared[0]);

double hash_of(const std::string &text) {
  return nflow::mcmc::named_seed(0, text);
}

} // namespace

void FixNflowTemper::require_usable() const {
  for (int i = 0; i < modify->nfix; i++)
    if (compat::begins_with(modify->fix[i]->style,
                            {"atom/swap", "sgcmc", "semi/grand", "gcmc", "mol/swap", "deposit",
                             "pour", "evaporate", "append/atoms", "charge/regulation", "bond/break",
                             "bond/create", "bond/react", "bond/swap"}))
      throw nflow::Error(
          "fix " + std::string(modify->fix[i]->id) + " (" + modify->fix[i]->style +
          ") changes atoms, types or bonds, which do not go along in an exchange: remove "
          "it");
}

std::vector<double> FixNflowTemper::facts() const {
  std::string atoms, permutation;
  const auto types = whole_->system().types;
  for (size_t i = 0; i < whole_->ids().size(); i++)
    atoms += std::to_string(whole_->ids()[i]) + ':' + std::to_string(types[i]) + ' ';
  if (group_)
    for (const auto atom_id : group_->ids()) atoms += std::to_string(atom_id) + ' ';
  for (int i = 0; replicas_ && i < count_; i++)
    permutation += std::to_string(replicas_->replica_at(i)) + ' ';
  return {static_cast<double>(whole_->size()),
          hash_of(atoms),
          domain->prd[0],
          domain->prd[1],
          domain->prd[2],
          static_cast<double>(scan_),
          static_cast<double>(update->firststep),
          static_cast<double>(update->laststep),
          hash_of(settings_),
          hash_of(permutation),
          given_temperatures_[given_temperatures_.size() == 1 ? 0 : here_]};
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
      if (std::fabs(other - first) <= compared[k].tolerance * std::fabs(first)) continue;
      link_->stop_together("partition " + std::to_string(partition) + " has " + short_text(other) +
                           " as its " + compared[k].what + ", partition 0 has " +
                           short_text(first) + ": " + compared[k].remedy);
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
      if (tune_scans_ == 0 && !same_temperature(own_ones[i], temperatures_[i]))
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
  for (int i = 0; i < modify->nfix; i++) {
    int dim = -1;
    if (modify->fix[i] != this && modify->fix[i]->extract("t_target", dim) && dim == 0)
      thermostats_.push_back(modify->fix[i]);
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

void FixNflowTemper::prepare_routes() {
  for (int partner = 0; partner < count_; partner++) {
    if (partner == here_ || (adjacent_ && std::abs(partner - here_) != 1)) continue;
    load_route(partner);
  }
  if (routes_.empty() && velocity_momenta_)
    throw nflow::Error(
        "auxiliary velocity is for flows with auxiliary momenta: give one, or remove it");
}

/// Loads the flow between here and a partner, unless it is loaded, and compares it with the system.
void FixNflowTemper::load_route(int partner) {
  const std::string file = model_of(here_, partner);
  if (file.empty()) return;
  auto &model = models_[file];
  if (!model) model = std::make_unique<RootModel>(world, file, device_, universe->iworld);
  const auto &metadata = model->metadata();
  if (!group_) {
    group_ = std::make_unique<GroupConfiguration>(lmp, igroup, metadata.dim, metadata.periodic);
    group_->init();
  } else if (places_.size() != static_cast<size_t>(metadata.coordinates())) {
    throw nflow::Error("model file '" + file +
                       "' moves other components of the atoms than the one "
                       "before: give flows of one kind");
  }
  nflow::require_match(metadata, group_->system(), file);
  if (metadata.prior == nflow::Prior::boltzmann && tune_scans_ > 0)
    throw nflow::Error("tune moves the temperatures, for which model file '" + file +
                       "' is made: leave tune out, or use a steerable model");
  if (velocity_momenta_ && !metadata.auxiliary)
    throw nflow::Error(
        "auxiliary velocity needs a flow with auxiliary momenta, which model file '" + file +
        "' has not: leave it out");
  places_.clear();
  for (const auto atom_id : group_->ids()) {
    const auto &ids = whole_->ids();
    const auto place = std::lower_bound(ids.begin(), ids.end(), atom_id) - ids.begin();
    for (int64_t k = 0; k < metadata.dim; k++) places_.push_back(3 * place + k);
  }
  const auto kind = exchange_kind(metadata, temperatures_[here_], temperatures_[partner], file);
  routes_[partner] = {model.get(), ExchangeMap(kind, model.get(), metadata.size())};
  check_flow(partner);
}

void FixNflowTemper::check_flow(int partner) {
  Route &route = routes_[partner];
  const auto &metadata = route.model->metadata();
  std::vector<double> x(metadata.coordinates());
  group_->read({x.data(), group_->size(), metadata.dim});
  check_exchange(*route.model, route.map, tau(here_), tau(partner), x);
  if (!route.model->jacobian_checked() && comm->me == 0)
    error->warning(FLERR, "a flow of fix nflow/temper is too large to compare its log_det with its "
                          "Jacobian: only its round trip was checked");
}
