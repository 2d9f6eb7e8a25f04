#include "mc/fix_nflow_mc.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/target.h"
#include "mc/lammps_reservoir.h"
#include "require_usable.h"
#include "root_model.h"
#include "temper/exchange_kind.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "force.h"
#include "group.h"
#include "input.h"
#include "universe.h"
#include "update.h"
#include "variable.h"

#include <cmath>
#include <ctime>
#include <sstream>

using namespace LAMMPS_NS;
using namespace FixConst;
using nflow::Temperatures;
using nflow::mcmc::Move;
using nflow::mcmc::MoveKind;

namespace {

std::string text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

/// CPU time of this process.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

} // namespace

FixNflowMC::FixNflowMC(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), platform_(platform), x_(platform.arrays()),
      velocities_(platform.arrays()) {
  if (narg < 8) stop("the form is 'fix ID group nflow/mc N M seed T model keyword value ...'");
  nevery = utils::inumeric(FLERR, arg[3], false, lmp);
  attempts_per_call_ = utils::inumeric(FLERR, arg[4], false, lmp);
  seed_ = utils::inumeric(FLERR, arg[5], false, lmp);
  replica_ = universe->iworld;
  if (nevery <= 0) stop("N, the steps between calls, must be positive");
  if (attempts_per_call_ < 0) stop("M, the attempts a call, must not be negative");
  if (seed_ <= 0) stop("the seed must be positive");
  if (utils::strmatch(arg[6], "^v_"))
    temperature_variable_ = arg[6] + 2;
  else
    temperature_ = utils::numeric(FLERR, arg[6], false, lmp);
  if (temperature_variable_.empty() && !(temperature_ > 0.0))
    stop("the temperature T must be positive");
  model_file_ = arg[7];
  parse_keywords(narg, arg);

  scalar_flag = vector_flag = 1;
  extscalar = extvector = 0;
  global_freq = 1;
  restart_global = 1;
  time_depend = 1;
  force_reneighbor = 1;
  next_reneighbor = update->ntimestep + 1;

  try {
    model_ = std::make_unique<RootModel>(world, model_file_, device_, universe->iworld, platform);
    const auto &metadata = model_->metadata();
    const int dim = static_cast<int>(metadata.dim);
    // A gaussian prior lives on the line, so unwrapped positions count even where the box is
    // periodic.
    configuration_ = platform.positions(lmp, igroup, dim, boltzmann() && metadata.periodic);
    potential_ = std::make_unique<PotentialEnergy>(lmp, platform);
    target_ = std::make_unique<LammpsTarget>(lmp, *configuration_, *potential_, dim);
    require_fitting_moves();
    if (boltzmann() && temperature_variable_.empty()) choose_pair(temperature_);
    read_reservoirs();
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  size_vector = first_columns + 2 * static_cast<int>(moves_.size()) + last_columns;
  make_sampler();
}

FixNflowMC::~FixNflowMC() = default;

void FixNflowMC::stop(const std::string &sentence) const {
  compat::stop(error, FLERR, "fix nflow/mc: " + sentence);
}

bool FixNflowMC::boltzmann() const {
  return model_->metadata().prior == nflow::Prior::boltzmann;
}

/// Every move starts from one kind of prior; the model has one.
void FixNflowMC::require_fitting_moves() {
  const auto &metadata = model_->metadata();
  if (moves_.empty() && boltzmann())
    stop("model file '" + model_file_ +
         "' has a boltzmann prior, for which there is no default: say move mapped or excursion");
  if (moves_.empty()) moves_.emplace_back();
  if (prior_temperature_ > 0.0 && !boltzmann())
    stop("keyword prior is for models with a boltzmann prior: remove it");
  for (const Move &move : moves_) {
    if (boltzmann() && !needs_boltzmann(move.kind))
      stop("model file '" + model_file_ +
           "' has a boltzmann prior, but moves independence, multitry, latent and pcn draw from a "
           "gaussian one: use move mapped or excursion, or a gaussian-prior model");
    if (!boltzmann() && needs_boltzmann(move.kind))
      stop("model file '" + model_file_ +
           "' has a gaussian prior, but moves mapped and excursion need a boltzmann one: use "
           "another move, or a model between two temperatures");
    if (move.local == 0) continue;
    if (move.local > metadata.n_atoms)
      stop("move excursion local " + std::to_string(move.local) + " has more atoms than the " +
           std::to_string(metadata.n_atoms) + " of the model: choose fewer");
    for (int k = 0; k < metadata.dim; k++)
      if (!domain->periodicity[k])
        stop("move excursion local needs a periodic box, of which it takes a random point");
    if (!model_->has_masked())
      stop("model file '" + model_file_ +
           "' has no methods forward_masked and inverse_masked, which move excursion local needs: "
           "leave 'local' out, or use an architecture that has them (kick-drift)");
  }
}

/// Finds the pair of temperatures of the model that ends at T.
void FixNflowMC::choose_pair(double temperature) {
  const auto &metadata = model_->metadata();
  std::string all, fitting;
  int found = 0;
  for (const auto &pair : metadata.temperature_pairs) {
    const std::string name = text(pair.first) + " -> " + text(pair.second);
    all += (all.empty() ? "" : ", ") + name;
    if (!same_temperature(temperature, pair.second)) continue;
    if (prior_temperature_ > 0.0 && !same_temperature(prior_temperature_, pair.first)) continue;
    fitting += (fitting.empty() ? "" : ", ") + name;
    pair_ = pair;
    found++;
  }
  if (found == 0)
    stop("the model file '" + model_file_ + "' has no pair of temperatures " +
         (prior_temperature_ > 0.0 ? text(prior_temperature_) : "T0") + " -> " + text(temperature) +
         ", but only " + all + ": use one of these");
  if (found > 1)
    stop("the model file '" + model_file_ + "' has several pairs of temperatures that end at T: " +
         fitting + "; choose one by 'prior T0'");
  if (same_temperature(pair_.first, pair_.second))
    stop("the pair of temperatures " + fitting + " of model file '" + model_file_ +
         "' begins and ends at the same temperature, where a flow has nothing to do: use a model "
         "between two temperatures");
}

void FixNflowMC::read_reservoirs() {
  reservoirs_.clear();
  for (size_t i = 0; i < moves_.size(); i++) {
    if (moves_[i].kind != MoveKind::mapped) continue;
    reservoirs_.push_back(std::make_unique<LammpsReservoir>(
        lmp, reservoir_files_[i], model_->metadata().dim, platform_.arrays()));
    moves_[i].reservoir = reservoirs_.back()->frames();
  }
}

int FixNflowMC::setmask() {
  return PRE_EXCHANGE;
}

void FixNflowMC::reset_target(double temperature) {
  temperature_ = temperature;
}

void FixNflowMC::make_sampler() {
  const auto &metadata = model_->metadata();
  nflow::mcmc::Space space;
  space.coordinates = metadata.coordinates();
  space.auxiliary = metadata.auxiliary;
  space.gaussian_prior = !boltzmann();
  space.recorded_variance = metadata.auxiliary_variance;
  space.box.dim = metadata.dim;
  for (int k = 0; k < metadata.dim; k++)
    space.box.lengths.push_back(domain->periodicity[k] ? domain->prd[k] : 0.0);
  sampler_ = std::make_unique<nflow::mcmc::FlowSampler>(
      *model_, *target_, space, moves_, batch_, key(), static_cast<uint32_t>(replica_),
      nflow::mcmc::AcceptanceRules(), platform_.arrays());
  sampler_->set_rearrangement(rearrangement_);
  x_.resize(metadata.coordinates());
  velocities_.resize(metadata.coordinates());
}

void FixNflowMC::init() {
  try {
    require_usable(lmp, igroup, platform_);
    configuration_->init();
    potential_->init();
    nflow::require_match(model_->metadata(), configuration_->system(), model_file_);
    target_->init();
    for (const auto &reservoir : reservoirs_)
      reservoir->require_match(configuration_->ids(), configuration_->system());
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  if (!reservoirs_.empty() &&
      (configuration_->size() != atom->natoms || model_->metadata().dim != domain->dimension))
    stop("move mapped needs a group of all atoms and a model of all their components: a reservoir "
         "is at equilibrium only with what it was sampled with");
  reservoirs_ready_ = reservoirs_.empty();
  if (!boltzmann() || !model_->metadata().periodic) warn_of_open_model();
  dynamics_ = potential_->has_dynamics();
  if (!temperature_variable_.empty()) {
    const int ivar = input->variable->find(temperature_variable_.c_str());
    if (ivar < 0)
      stop("variable '" + temperature_variable_ + "' for the temperature does not exist");
    if (!input->variable->equalstyle(ivar))
      stop("variable '" + temperature_variable_ +
           "' for the temperature must be an equal-style variable");
  }
}

void FixNflowMC::warn_of_open_model() {
  const int periodic[3] = {domain->xperiodic, domain->yperiodic, domain->zperiodic};
  for (int k = 0; k < model_->metadata().dim; k++)
    if (periodic[k] && comm->me == 0 && !warned_) {
      warned_ = true;
      error->warning(
          FLERR,
          "fix nflow/mc moves unwrapped positions in a periodic box: the energy must confine "
          "the group, or no distribution of them exists");
    }
}

/// The random numbers of this fix: two fixes with the same seed must not share them.
uint32_t FixNflowMC::key() const {
  return nflow::named_seed(static_cast<uint32_t>(seed_), id);
}

double FixNflowMC::current_temperature() {
  double temperature = temperature_;
  if (!temperature_variable_.empty()) {
    platform_.to_host(lmp); // which whatever the variable asks for reads
    modify->clearstep_compute();
    temperature =
        input->variable->compute_equal(input->variable->find(temperature_variable_.c_str()));
    modify->addstep_compute(update->ntimestep + nevery);
  }
  if (!(temperature > 0.0) || !std::isfinite(temperature))
    stop("the temperature variable '" + temperature_variable_ + "' is not positive at step " +
         std::to_string(update->ntimestep));
  return temperature;
}

Temperatures FixNflowMC::current_tau() {
  const double temperature = current_temperature();
  if (!boltzmann()) return force->boltz * temperature;
  if (pair_.second == 0.0) choose_pair(temperature);
  if (!same_temperature(temperature, pair_.second))
    stop("the temperature variable '" + temperature_variable_ + "' is " + text(temperature) +
         " at step " + std::to_string(update->ntimestep) + ", but the flow ends at " +
         text(pair_.second) + ": keep T constant with a boltzmann-prior model");
  return {force->boltz * pair_.first, force->boltz * temperature};
}

void FixNflowMC::setup_pre_exchange() {
  // A minimization or a reset of the timestep has passed the step of the next call.
  if (next_reneighbor <= update->ntimestep) next_reneighbor = update->ntimestep + 1;
  check_flow(current_tau());
  log_placement();
}

void FixNflowMC::log_placement() {
  if (logged_ || comm->me > 0) return;
  logged_ = true;
  utils::logmesg(lmp, std::string("fix nflow/mc: ") + model_->placement() + "\n");
}

/// Checks the flow unless it has been checked at this temperature, to 5 percent.
void FixNflowMC::check_flow(const Temperatures &tau) {
  for (const double checked : checked_taus_)
    if (std::fabs(tau.target - checked) <= 0.05 * checked) return;
  bool masked = false;
  for (const Move &move : moves_) masked = masked || move.local > 0;
  try {
    configuration_->read(x_.data());
    model_->check(tau, x_.on_host(), checked_taus_.empty() ? batch_ : 1, masked);
  } catch (const std::exception &e) {
    stop(e.what());
  }
  if (checked_taus_.empty() && !model_->jacobian_checked() && comm->me == 0)
    error->warning(
        FLERR,
        "the flow of fix nflow/mc is too large to compare its log_det with its Jacobian: only its "
        "round trip was checked");
  checked_taus_.push_back(tau.target);
}

/// Energies and temperatures of the reservoirs, found by LAMMPS in the box of the simulation.
void FixNflowMC::prepare_reservoirs(const Temperatures &tau) {
  if (reservoirs_ready_) return;
  try {
    configuration_->read(x_.data());
    for (const auto &reservoir : reservoirs_)
      reservoir->evaluate(*target_, model_->metadata(), pair_.first, tau.prior);
  } catch (const std::exception &e) {
    stop(e.what());
  }
  configuration_->restore();
  reservoirs_ready_ = true;
}

void FixNflowMC::pre_exchange() {
  if (next_reneighbor != update->ntimestep) return;
  const Temperatures tau = current_tau();
  check_flow(tau);
  prepare_reservoirs(tau);
  const double start = MPI_Wtime(), cpu_start = cpu_seconds();
  bool moved = false;
  mc_active_ = 1;
  try {
    configuration_->read(x_.data());
    const double energy = timed_energy();
    if (!std::isfinite(energy))
      throw nflow::Error(
          "the energy of the current configuration is not a finite number: start from another one");
    // From here on velocities are those of the full step, which are independent of the positions.
    if (dynamics_) potential_->kick(+1.0);
    sampler_->set_state(x_.data(), energy, tau);
    for (int i = 0; i < attempts_per_call_; i++) {
      const uint64_t attempt = sampler_->counters().attempts;
      if (!sampler_->attempt()) continue;
      moved = true;
      if (redraw_) redraw_velocities(attempt, tau.target);
    }
  } catch (const std::exception &e) { // nflow::Error, or no memory for a batch
    stop(e.what());
  }
  if (moved) {
    configuration_->replace(sampler_->x());
  } else {
    configuration_->restore();
  }
  if (dynamics_) {
    timed_energy();
    potential_->kick(-1.0);
  }
  potential_->migrate();
  mc_active_ = 0;
  total_seconds_ += MPI_Wtime() - start;
  double used = cpu_seconds() - cpu_start;
  if (comm->nprocs > 1) MPI_Allreduce(MPI_IN_PLACE, &used, 1, MPI_DOUBLE, MPI_SUM, world);
  cpu_seconds_ += used;
  next_reneighbor = update->ntimestep + nevery;
}

double FixNflowMC::timed_energy() {
  const double start = MPI_Wtime();
  const double energy = potential_->evaluate(dynamics_);
  own_energy_seconds_ += MPI_Wtime() - start;
  return energy;
}

void FixNflowMC::redraw_velocities(uint64_t attempt, double tau) {
  nflow::RandomStream random(key(), replica_, attempt, nflow::Purpose::velocity);
  const int dim = static_cast<int>(model_->metadata().dim);
  platform_.arrays().draw_velocities(random, tau, target_->inverse_masses(), nullptr,
                                     configuration_->size(), dim, velocities_.data());
  configuration_->scatter(GroupPositions::Field::velocity, velocities_.data(), dim);
}
