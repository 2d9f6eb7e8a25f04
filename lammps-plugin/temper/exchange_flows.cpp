#include "temper/exchange_flows.h"

#include "base/error.h"
#include "lammps/group_positions.h"
#include "lammps/target.h"
#include "temper/exchange_kind.h"

#include "force.h"
#include "universe.h"
#include "utils.h"

#include <cstdlib>

namespace LAMMPS_NS {

ExchangeFlows::ExchangeFlows(LAMMPS *lmp, const TemperCommand &command, int igroup,
                             Platform &platform, GroupPositions &whole, LammpsTarget &masses)
    : Pointers(lmp), command_(command), igroup_(igroup), platform_(platform), whole_(whole),
      masses_(masses), places_(platform.arrays()), inverse_masses_(platform.arrays()) {}

ExchangeFlows::~ExchangeFlows() = default;

bool ExchangeFlows::is_partner(int partition) const {
  const int distance = std::abs(partition - universe->iworld);
  return distance == 1 || (distance > 1 && !command_.adjacent);
}

void ExchangeFlows::prepare(const std::vector<double> &temperatures) {
  const int here = universe->iworld;
  for (int partner = 0; partner < universe->nworlds; partner++) {
    const std::string file = is_partner(partner) ? command_.model_of(here, partner) : "";
    if (file.empty()) continue;
    BoundFlow &bound = flow(file);
    require_fit(bound);
    const auto &metadata = bound.metadata();
    const auto kind = exchange_kind(metadata, temperatures[here], temperatures[partner], file);
    if (routes_.count(partner)) continue;
    auto &route = routes_[partner];
    route = {&bound.model(),
             &bound,
             {kind, &bound.model(), metadata.size(), platform_.arrays(), metadata.carried_count()}};
    check(bound, route, temperatures[here], temperatures[partner]);
  }
  if (routes_.empty() && command_.velocity_momenta)
    throw nflow::Error(
        "auxiliary velocity is for flows with auxiliary momenta: give one, or remove it");
}

void ExchangeFlows::follow() {
  for (auto &[file, flow] : flows_)
    if (flow->follow()) find_places(*flow);
}

void ExchangeFlows::log_domain() {
  for (auto &[file, flow] : flows_)
    if (flow) flow->log_domain();
}

void ExchangeFlows::audit(int partner, uint64_t scan, double temperature_here,
                          double temperature_there) {
  Route *to = route(partner);
  const bool due = scan >= 16 && (scan & (scan - 1)) == 0;
  if (to && due) check(*to->flow, *to, temperature_here, temperature_there);
}

ExchangeFlows::Route *ExchangeFlows::route(int partner) {
  const auto found = routes_.find(partner);
  return found == routes_.end() ? nullptr : &found->second;
}

BoundFlow &ExchangeFlows::flow(const std::string &file) {
  auto &flow = flows_[file];
  if (!flow) {
    flow = std::make_unique<BoundFlow>(lmp, "fix nflow/temper", igroup_, file, command_.device,
                                       platform_, command_.uncounted);
    flow->log_placement();
  }
  return *flow;
}

/// Compares a flow with the group as it is now, and finds the numbers that it moves.
void ExchangeFlows::require_fit(BoundFlow &flow) {
  const auto &metadata = flow.metadata();
  const auto &file = flow.file();
  for (const auto &other : flows_)
    if (other.second && other.second->metadata().dim != metadata.dim)
      throw nflow::Error("model file '" + file +
                         "' moves other components of the atoms than the one before: give flows "
                         "of one kind");
  flow.init();
  if (metadata.prior == nflow::Prior::boltzmann && command_.tune_scans > 0)
    throw nflow::Error("tune moves the temperatures, for which model file '" + file +
                       "' is made: leave tune out, or use a steerable model");
  if (command_.velocity_momenta && !metadata.auxiliary)
    throw nflow::Error(
        "auxiliary velocity needs a flow with auxiliary momenta, which model file '" + file +
        "' has not: leave it out");
  find_places(flow);
}

/// Where in both partitions rows have atoms of the same types, those of a flow have the same places
/// in both.
void ExchangeFlows::find_places(BoundFlow &flow) {
  const auto &ids = flow.positions().ids();
  for (const auto &other : flows_)
    if (other.second && other.second->positions().size() == flow.positions().size() &&
        other.second->positions().ids() != ids)
      throw nflow::Error("model file '" + flow.file() +
                         "' has the types of the atoms in another order than the one before: give "
                         "flows of one kind");
  std::vector<int64_t> places;
  for (const auto id : ids)
    for (int64_t k = 0; k < flow.metadata().dim; k++) places.push_back(3 * whole_.row_of(id) + k);
  places_.assign(places.data(), static_cast<int64_t>(places.size()));
  inverse_masses_.resize(places_.size());
  platform_.arrays().gather(places_.data(), places_.size(), masses_.inverse_masses(),
                            inverse_masses_.data());
}

/// Checks a flow at the present configuration, between these temperatures.
void ExchangeFlows::check(BoundFlow &flow, Route &route, double here, double there) {
  flow.check([&](const nflow::Buffer<double> &x) {
    check_exchange(*route.model, route.map, force->boltz * here, force->boltz * there, x,
                   platform_.arrays());
  });
}

} // namespace LAMMPS_NS
