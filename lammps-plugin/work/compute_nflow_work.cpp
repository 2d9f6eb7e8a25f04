#include "work/compute_nflow_work.h"

#include "base/error.h"
#include "base/random.h"
#include "base/units.h"
#include "bound_flow.h"
#include "flow/prior.h"
#include "lammps/compat.h"
#include "lammps/potential_energy.h"
#include "model/checks.h"
#include "temper/exchange_kind.h"
#include "work/fix_nflow_lists.h"
#include "work/simulation_state.h"

#include "force.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;
using nflow::tempering::ExchangeMap;

ComputeNflowWork::ComputeNflowWork(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Compute(lmp, narg, arg), platform_(platform), arrays_(platform.arrays()), x_(arrays_),
      point_(arrays_), mapped_(arrays_), returned_(arrays_) {
  parse(narg, arg);
  scalar_flag = vector_flag = 1;
  extscalar = extvector = 0;
  size_vector = elements;
  vector = new double[elements]();
  dynamic_group_allow = 0;
  try {
    flow_ = std::make_unique<BoundFlow>(lmp, "compute nflow/work", igroup, model_file_, device_,
                                        platform_, uncounted_);
    const auto &metadata = flow_->metadata();
    if (flow_->boltzmann() && other_temperature_ == 0.0)
      stop("model file '" + model_file_ +
           "' has a boltzmann prior, whose density is not known but for a factor: give the "
           "temperature T_other to carry the configuration to");
    if (other_temperature_ > 0.0) {
      const auto kind = exchange_kind(metadata, temperature_, other_temperature_, model_file_);
      there_ =
          ExchangeMap(kind, &flow_->model(), metadata.size(), arrays_, metadata.carried_count());
      back_ = ExchangeMap(opposite(kind), &flow_->model(), metadata.size(), arrays_,
                          metadata.carried_count());
    }
    energy_ = std::make_unique<PotentialEnergy>(lmp, platform_);
    state_ = std::make_unique<SimulationState>(lmp, platform_);
    x_.resize(metadata.coordinates());
    for (auto *point : {&point_, &mapped_, &returned_}) point->resize(metadata.size());
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  add_lists_fix();
}

ComputeNflowWork::~ComputeNflowWork() {
  delete[] vector;
  // LAMMPS deletes all fixes before the computes at its end.
  if (copymode == 0 && lists_fix()) modify->delete_fix(lists_id_);
}

void ComputeNflowWork::stop(const std::string &sentence) const {
  compat::stop(error, FLERR, "compute nflow/work: " + sentence);
}

void ComputeNflowWork::parse(int narg, char **arg) {
  if (narg < 5) stop("the form is 'compute ID group nflow/work model T T_other keyword value ...'");
  model_file_ = arg[3];
  temperature_ = utils::numeric(FLERR, arg[4], false, lmp);
  if (!nflow::is_usable_size(temperature_)) stop("the temperature T must be positive");
  int iarg = 5;
  if (iarg < narg && utils::is_double(arg[iarg])) {
    other_temperature_ = utils::numeric(FLERR, arg[iarg++], false, lmp);
    if (!nflow::is_usable_size(other_temperature_))
      stop("the temperature T_other must be positive");
  }
  for (; iarg < narg; iarg += 2) {
    const std::string keyword = arg[iarg];
    if (keyword != "seed" && keyword != "device" && keyword != "uncounted")
      stop("keyword '" + keyword + "' is not known: use seed, uncounted or device");
    if (iarg + 1 >= narg) stop("keyword '" + keyword + "' needs a value");
    if (keyword == "device") device_ = arg[iarg + 1];
    if (keyword == "uncounted") uncounted_.push_back(arg[iarg + 1]);
    if (keyword == "seed") seed_ = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
    if (seed_ <= 0) stop("the seed must be positive");
  }
}

/// A fix of our own, because computes are not told when neighbor lists are built. On the same
/// platform, whatever LAMMPS's suffix is.
void ComputeNflowWork::add_lists_fix() {
  lists_id_ = std::string(id) + "_NFLOW_LISTS";
  modify->add_fix(lists_id_ + " all NFLOW/LISTS" + platform_.suffix(), 0);
}

FixNflowLists *ComputeNflowWork::lists_fix() const {
  for (int i = 0; i < modify->nfix; i++)
    if (lists_id_ == modify->fix[i]->id) return dynamic_cast<FixNflowLists *>(modify->fix[i]);
  return nullptr;
}

void ComputeNflowWork::init() {
  if (!lists_fix()) stop("its fix " + lists_id_ + " was removed: define the compute again");
  try {
    flow_->init();
    energy_->init();
    state_->init();
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  evaluated_at_ = -1; // whatever happened between two runs
}

// Scalar and vector come from one evaluation of a step. What has been invoked is asked for as well,
// for an exchange of configurations makes all computes forget it.

double ComputeNflowWork::compute_scalar() {
  const bool known = invoked_vector == update->ntimestep && evaluated_at_ == update->ntimestep;
  invoked_scalar = update->ntimestep;
  if (!known) evaluate();
  return scalar;
}

void ComputeNflowWork::compute_vector() {
  const bool known = invoked_scalar == update->ntimestep && evaluated_at_ == update->ntimestep;
  invoked_vector = update->ntimestep;
  if (!known) evaluate();
}

double ComputeNflowWork::tau_here() const {
  return force->boltz * temperature_;
}

double ComputeNflowWork::tau_there() const {
  return force->boltz * other_temperature_;
}

void ComputeNflowWork::evaluate() {
  try {
    flow_->follow();
    if (!checked_) check_flow();
    flow_->positions().read(x_.data());
    nflow::copy(arrays_, x_.data(), x_.size(), point_.data());
    draw_momenta();
    state_->save(*lists_fix());
    if (other_temperature_ > 0.0)
      map_there();
    else
      take_log_q();
  } catch (const std::exception &e) { // nflow::Error, or no memory
    stop(e.what());
  }
  platform_.to_host(lmp); // where LAMMPS goes on with its output
  evaluated_at_ = update->ntimestep;
}

/// Before its first use.
void ComputeNflowWork::check_flow() {
  const double here = tau_here(), there = tau_there();
  flow_->check([&](const nflow::Buffer<double> &x) {
    if (there > 0.0)
      check_exchange(flow_->model(), there_, here, there, x, arrays_);
    else
      flow_->model().check(here, x.on_host(), 1, false);
  });
  flow_->log_placement();
  checked_ = true;
}

/// Fresh auxiliary momenta, which depend on seed, partition and step only.
void ComputeNflowWork::draw_momenta() {
  nflow::RandomStream random(static_cast<uint32_t>(seed_), static_cast<uint32_t>(universe->iworld),
                             static_cast<uint64_t>(update->ntimestep), nflow::Purpose::auxiliary);
  arrays_.fill_gaussian(random, std::sqrt(flow_->model().momentum_variance(tau_here())),
                        point_.size() - x_.size(), point_.data() + x_.size());
}

double ComputeNflowWork::reduced_energy(double energy, const double *point, double tau) const {
  if (!flow_->metadata().auxiliary) return energy / tau;
  return energy / tau - nflow::log_gaussian(arrays_, point + x_.size(), x_.size(),
                                            flow_->model().momentum_variance(tau));
}

/// Of the point that has returned from the point that left.
double ComputeNflowWork::deviation() const {
  return nflow::relative_deviation(arrays_, flow_->metadata(), true, 1, returned_.data(),
                                   point_.data());
}

void ComputeNflowWork::map_there() {
  const double here = tau_here(), there = tau_there();
  vector[log_det] = there_.map(point_.data(), here, there, mapped_.data());
  back_.map(mapped_.data(), there, here, returned_.data());
  vector[round_trip] = deviation();
  vector[u_after] = energy_there();
  vector[u_before] = state_->energy();
  vector[h_before] = reduced_energy(vector[u_before], point_.data(), here);
  vector[h_after] = reduced_energy(vector[u_after], mapped_.data(), there);
  scalar = nflow::tempering::work(vector[h_before], vector[h_after], vector[log_det]);
  if (std::isnan(scalar)) scalar = INFINITY; // nowhere: of no weight
  vector[log_weight] = -scalar;
}

/// The energy of the mapped configuration, infinite where it is impossible.
double ComputeNflowWork::energy_there() {
  if (!flow_->positions().replace(mapped_.data())) return INFINITY; // and no atom has moved
  const double energy = energy_->evaluate_proposal();
  state_->restore_atoms();
  return energy;
}

void ComputeNflowWork::take_log_q() {
  const double tau = tau_here();
  double log_det_back = 0.0;
  flow_->model().inverse(1, point_.data(), tau, mapped_.data(), &vector[log_det]);
  flow_->model().forward(1, mapped_.data(), tau, returned_.data(), &log_det_back);
  vector[round_trip] = deviation();
  vector[u_before] = vector[u_after] = state_->energy();
  vector[h_before] = reduced_energy(vector[u_before], point_.data(), tau);
  const int64_t carried = flow_->metadata().carried_count();
  vector[h_after] =
      -nflow::log_gaussian(arrays_, mapped_.data() + carried, mapped_.size() - carried, tau);
  scalar = vector[log_det] - vector[h_after];
  if (std::isnan(scalar)) scalar = -INFINITY; // outside the domain of the flow: of no density
  vector[log_weight] = -vector[h_before] - scalar;
}

double ComputeNflowWork::memory_usage() {
  return static_cast<double>(sizeof(double) * (4 * point_.size() + x_.size()));
}
