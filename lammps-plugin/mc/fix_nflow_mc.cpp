#include "mc/fix_nflow_mc.h"

#include "base/error.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "bound_flow.h"
#include "lammps/compat.h"
#include "lammps/potential_energy.h"
#include "lammps/target.h"
#include "mc/flow_audit.h"
#include "mc/lammps_reservoir.h"
#include "mc/mc_temperature.h"
#include "mcmc/moves/table.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "modify.h"
#include "universe.h"
#include "update.h"
#include "utils.h"

#include <cmath>

using namespace LAMMPS_NS;
using namespace FixConst;
using nflow::Prior;
using nflow::Temperatures;

template <class Exception, class Work>
void FixNflowMC::or_stop(const Work &work) const {
  try {
    work();
  } catch (const Exception &e) {
    stop(e.what());
  }
}

FixNflowMC::FixNflowMC(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), platform_(platform), replica_(universe->iworld),
      velocities_(platform.arrays()) {
  or_stop<nflow::Error>([&] { arguments_ = parse_mc_arguments(lmp, narg, arg); });
  nevery = arguments_.every;

  scalar_flag = vector_flag = 1;
  extscalar = extvector = 0;
  global_freq = 1;
  restart_global = 1;
  time_depend = 1;
  force_reneighbor = 1;
  next_reneighbor = update->ntimestep + 1;

  or_stop<nflow::Error>([&] {
    flow_ = std::make_unique<BoundFlow>(lmp, "fix nflow/mc", igroup, arguments_.model_file,
                                        arguments_.device, platform, arguments_.uncounted);
    potential_ = std::make_unique<PotentialEnergy>(lmp, platform);
    target_ = std::make_unique<LammpsTarget>(lmp, flow_->positions(), *potential_,
                                             static_cast<int>(flow_->metadata().dim));
    audit_ = std::make_unique<FlowAudit>(flow_->model());
    require_fitting_moves();
    temperature_ = std::make_unique<MonteCarloTemperature>(lmp, arguments_, flow_->metadata());
    read_reservoirs();
  });
  size_vector = first_columns + 2 * static_cast<int>(arguments_.moves.size()) + last_columns;
  make_sampler();
}

FixNflowMC::~FixNflowMC() = default;

void FixNflowMC::stop(const std::string &sentence) const {
  compat::stop(error, FLERR, "fix nflow/mc: " + sentence);
}

/// Every move starts from one kind of prior; the model has one.
void FixNflowMC::require_fitting_moves() {
  using nflow::mcmc::moves_of;
  auto &moves = arguments_.moves;
  const std::string model = "model file '" + arguments_.model_file + "' has a ";
  if (moves.empty() && flow_->boltzmann())
    throw nflow::Error(model + "boltzmann prior, for which there is no default: say move " +
                       moves_of(Prior::boltzmann, "or"));
  if (moves.empty()) {
    nflow::mcmc::Words words({"independence"});
    moves.push_back(nflow::mcmc::parse_move(words));
  }
  if (arguments_.prior_temperature > 0.0 && !flow_->boltzmann())
    throw nflow::Error("keyword prior is for models with a boltzmann prior: remove it");
  for (const auto &one : moves) {
    if (flow_->boltzmann() && one.row->prior == Prior::gaussian)
      throw nflow::Error(model + "boltzmann prior, but moves " + moves_of(Prior::gaussian, "and") +
                         " draw from a gaussian one: use move " + moves_of(Prior::boltzmann, "or") +
                         ", or a gaussian-prior model");
    if (!flow_->boltzmann() && one.row->prior == Prior::boltzmann)
      throw nflow::Error(
          model + "gaussian prior, but moves " + moves_of(Prior::boltzmann, "and") +
          " need a boltzmann one: use another move, or a model between two temperatures");
    if (one.move->needs().local > 0) require_local_moves(one);
  }
}

/// What a move of some atoms in the presence of the others needs.
void FixNflowMC::require_local_moves(const nflow::mcmc::WeightedMove &one) const {
  const auto &metadata = flow_->metadata();
  const std::string move = std::string("move ") + one.row->name + " local";
  const int64_t atoms = one.move->needs().local;
  if (atoms > metadata.n_atoms)
    throw nflow::Error(move + " " + std::to_string(atoms) + " has more atoms than the " +
                       std::to_string(metadata.n_atoms) + " of the model: choose fewer");
  for (int k = 0; k < metadata.dim; k++)
    if (!domain->periodicity[k])
      throw nflow::Error(move + " needs a periodic box, of which it takes a random point");
  if (!flow_->model().has_masked())
    throw nflow::Error(
        "model file '" + arguments_.model_file +
        "' has no methods forward_masked and inverse_masked, which " + move +
        " needs: leave 'local' out, or use an architecture that has them (kick-drift)");
}

void FixNflowMC::read_reservoirs() {
  for (const auto &one : arguments_.moves)
    if (const auto &frames = one.move->needs().reservoir)
      reservoirs_.push_back(std::make_unique<LammpsReservoir>(lmp, frames, flow_->metadata().dim,
                                                              platform_.arrays()));
}

int FixNflowMC::setmask() {
  return PRE_EXCHANGE;
}

void FixNflowMC::reset_target(double temperature) {
  temperature_->set(temperature);
}

void FixNflowMC::make_sampler() {
  const auto &metadata = flow_->metadata();
  nflow::mcmc::Space space;
  space.coordinates = metadata.coordinates();
  space.carried = metadata.carried_count();
  space.auxiliary = metadata.auxiliary;
  space.gaussian_prior = !flow_->boltzmann();
  space.recorded_variance = metadata.auxiliary_variance;
  space.box.dim = metadata.dim;
  for (int k = 0; k < metadata.dim; k++)
    space.box.lengths.push_back(domain->periodicity[k] ? domain->prd[k] : 0.0);
  sampler_ = std::make_unique<nflow::mcmc::FlowSampler>(
      flow_->model(), *target_, space, std::move(arguments_.moves), arguments_.batch, streams(),
      nflow::mcmc::AcceptanceRules(), platform_.arrays());
  sampler_->set_prefetch(arguments_.prefetch_depth());
  sampler_->set_rearrangement(arguments_.rearrangement);
}

/// The random numbers of this fix: two fixes with the same seed must not share them.
nflow::mcmc::Streams FixNflowMC::streams() const {
  return {nflow::named_seed(static_cast<uint32_t>(arguments_.seed), id),
          static_cast<uint32_t>(replica_)};
}

void FixNflowMC::init() {
  or_stop<nflow::Error>([&] {
    flow_->init();
    potential_->init();
    target_->init();
    for (const auto &reservoir : reservoirs_)
      reservoir->require_match(flow_->positions().ids(), flow_->positions().system());
    if (!reservoirs_.empty() &&
        (flow_->positions().size() != atom->natoms || flow_->metadata().dim != domain->dimension))
      throw nflow::Error(
          "move mapped needs a group of all atoms and a model of all their components: a "
          "reservoir is at equilibrium only with what it was sampled with");
  });
  reservoirs_ready_ = reservoirs_.empty();
  if (!flow_->boltzmann() || !flow_->metadata().periodic) warn_of_open_model();
  dynamics_ = potential_->has_dynamics();
  environment_moves_ = environment_may_move();
  alone_ = is_alone();
  or_stop<nflow::Error>([&] { temperature_->init(); });
}

/// Whether there are coordinates beside those of the flow, and something that may change them.
bool FixNflowMC::environment_may_move() const {
  if (flow_->positions().size() == atom->natoms && flow_->metadata().dim == domain->dimension)
    return false;
  bool others = dynamics_;
  for (int i = 0; i < modify->nfix; i++) // that move atoms, or make and exchange them
    others = others || (modify->fix[i] != this && modify->fix[i]->force_reneighbor);
  return others;
}

/// Whether between calls nothing changes what attempts start from, so that what they take from the
/// flow can be prepared beyond a call.
bool FixNflowMC::is_alone() const {
  bool alone = !dynamics_ && temperature_->constant();
  for (int i = 0; i < modify->nfix; i++) { // as far as one can see: the sampler compares
    const Fix *other = modify->fix[i];
    const bool moves = other->force_reneighbor || utils::strmatch(other->style, "^nflow/temper");
    alone = alone && (other == this || !moves);
  }
  return alone;
}

void FixNflowMC::warn_of_open_model() {
  const int periodic[3] = {domain->xperiodic, domain->yperiodic, domain->zperiodic};
  for (int k = 0; k < flow_->metadata().dim; k++)
    if (periodic[k] && comm->me == 0 && !warned_) {
      warned_ = true;
      error->warning(
          FLERR,
          "fix nflow/mc moves unwrapped positions in a periodic box: the energy must confine "
          "the group, or no distribution of them exists");
    }
}

Temperatures FixNflowMC::current_tau() {
  Temperatures tau{0.0};
  or_stop<nflow::Error>([&] { tau = temperature_->now(platform_, nevery); });
  return tau;
}

/// Before any run, with pre no, too.
void FixNflowMC::setup(int) {
  // A minimization or a reset of the timestep has passed the step of the next call.
  if (next_reneighbor <= update->ntimestep) next_reneighbor = update->ntimestep + 1;
}

void FixNflowMC::setup_pre_exchange() {
  setup(0);
  const Temperatures tau = current_tau();
  if (!is_checked(tau.target)) or_stop<std::exception>([&] { check_flow(tau); });
  flow_->log_placement();
}

/// Whether the flow has been checked at this temperature, to 5 percent.
bool FixNflowMC::is_checked(double tau) const {
  for (const double checked : checked_taus_)
    if (std::fabs(tau - checked) <= 0.05 * checked) return true;
  return false;
}

bool FixNflowMC::uses_masked() const {
  for (const auto &one : sampler_->moves())
    if (one.move->needs().local > 0) return true;
  return false;
}

void FixNflowMC::check_flow(const Temperatures &tau) {
  const int64_t batch = checked_taus_.empty() ? arguments_.largest_batch() : 1;
  flow_->check([&](const nflow::Buffer<double> &x) {
    flow_->model().check(tau, x.on_host(), batch, uses_masked());
  });
  checked_taus_.push_back(tau.target);
}

/// How many attempts share calls of the flow. What a batch happens to cost has a say only where
/// batches change no bit, so that runs can be repeated.
void FixNflowMC::choose_prefetch(const Temperatures &tau) {
  prefetch_chosen_ = true;
  auto depth = arguments_.prefetch_depth();
  if (!depth.follows || depth.largest < 2) return;
  const auto trial = sampler_->try_batches(depth.largest, tau);
  if (trial.independent()) depth.call_cost = trial.call_cost();
  MPI_Bcast(&depth.call_cost, 1, MPI_DOUBLE, 0, world);
  sampler_->set_prefetch(depth);
}

/// Energies and temperatures of the reservoirs, found by LAMMPS in the box of the simulation, from
/// which the atoms come back to where they have been read.
void FixNflowMC::prepare_reservoirs(const Temperatures &tau) {
  for (const auto &reservoir : reservoirs_)
    reservoir->evaluate(*target_, flow_->metadata(), temperature_->prior(), tau.prior);
  flow_->positions().restore();
  reservoirs_ready_ = true;
}

/// A force field that changes within a run would go unnoticed by move mapped alone, which knows the
/// energies of its reservoir. Now and then, and at the last call of a run.
void FixNflowMC::require_unchanged_reservoirs() {
  constexpr uint64_t interval = 200; // attempts: at most half a percent of their cost
  const uint64_t attempts = sampler_->counters().attempts;
  const bool last = update->ntimestep + nevery > update->laststep;
  if (reservoirs_.empty() || (attempts < next_comparison_ && !last)) return;
  next_comparison_ = attempts + interval;
  for (const auto &reservoir : reservoirs_) reservoir->require_unchanged(*target_, last ? 10 : 1);
  flow_->positions().restore();
}

/// Whether flow and energy are still what they were before the first move.
void FixNflowMC::audit(const Temperatures &tau) {
  const uint64_t attempts = sampler_->counters().attempts;
  int due = audit_->due(attempts, times_.wall);
  MPI_Bcast(&due, 1, MPI_INT, 0, world);
  if (!due) return;
  std::vector<double> x(flow_->metadata().coordinates());
  platform_.arrays().copy_out(sampler_->x(), x.size() * sizeof(double), x.data());
  const std::vector<double> *frames = nullptr;
  for (const auto &one : sampler_->moves())
    if (const auto &reservoir = one.move->needs().reservoir) frames = &reservoir->x;
  audit_->make(attempts, tau, x, frames, arguments_.largest_batch(), uses_masked(), streams());
  const double first = potential_->evaluate();
  require_equal_energies(first, potential_->evaluate(), 1e-9);
}

/// Of one configuration, the second one computed after others.
void FixNflowMC::require_equal_energies(double first, double second, double tolerance) const {
  if (std::fabs(first - second) <= tolerance * (1.0 + std::fabs(first))) return;
  throw nflow::Error("one configuration has the potential energy " + nflow::number(first, 10) +
                     " and, computed again, " + nflow::number(second, 10) +
                     ": something in the force field has a memory or draws random numbers (a "
                     "potential file of fix nflow/energy, a bias that grows): remove it");
}

void FixNflowMC::pre_exchange() {
  if (next_reneighbor != update->ntimestep) return;
  const Temperatures tau = current_tau();
  bool moved = false;
  or_stop<std::exception>([&] { // nflow::Error, or no memory for a batch
    {
      const CallTimes::Running running(times_);
      if (flow_->follow()) target_->init();
      flow_->positions().read(sampler_->x());
    }
    if (!is_checked(tau.target)) check_flow(tau);
    if (!prefetch_chosen_) choose_prefetch(tau);
    if (!reservoirs_ready_) prepare_reservoirs(tau);
    require_unchanged_reservoirs();
    audit(tau);
    const CallTimes::Running running(times_);
    mc_active_ = 1;
    moved = make_attempts(tau);
  });
  {
    const CallTimes::Running running(times_);
    settle(moved);
  }
  mc_active_ = 0;
  times_.sum_over_ranks(world);
  next_reneighbor = update->ntimestep + nevery;
}

/// The attempts of a call from the positions that have been read; whether one was accepted.
bool FixNflowMC::make_attempts(const Temperatures &tau) {
  const double energy = timed_energy();
  if (!std::isfinite(energy))
    throw nflow::Error(
        "the energy of the current configuration is not a finite number: start from another one");
  // From here on velocities are those of the full step, which are independent of the positions.
  if (dynamics_) potential_->kick(+1.0);
  const bool cooled = weighed_tau_ != 0.0 && weighed_tau_ != tau.target;
  if (environment_moves_ || cooled) sampler_->begin_environment();
  weighed_tau_ = tau.target;
  sampler_->set_state(energy, tau, {static_cast<uint64_t>(arguments_.attempts), alone_});
  bool moved = false;
  for (int i = 0; i < arguments_.attempts; i++) {
    const uint64_t attempt = sampler_->counters().attempts;
    if (!sampler_->attempt()) continue;
    moved = true;
    if (arguments_.redraw) redraw_velocities(attempt, tau.target);
  }
  return moved;
}

/// Leaves the atoms where the attempts have ended, as LAMMPS expects them.
void FixNflowMC::settle(bool moved) {
  if (moved) {
    flow_->positions().replace(sampler_->x());
  } else {
    flow_->positions().restore();
  }
  if (dynamics_) {
    const double energy = timed_energy();
    // The forces are wanted; that the energy is what it was costs nothing.
    or_stop<nflow::Error>([&] { require_equal_energies(sampler_->energy(), energy, 1e-6); });
    potential_->kick(-1.0);
  }
  potential_->migrate();
}

double FixNflowMC::timed_energy() {
  const nflow::Stopwatch watch(times_.energy);
  return potential_->evaluate(dynamics_);
}

void FixNflowMC::redraw_velocities(uint64_t attempt, double tau) {
  nflow::RandomStream random = streams().of(attempt, nflow::Purpose::velocity);
  const int dim = static_cast<int>(flow_->metadata().dim);
  velocities_.resize(flow_->positions().size() * dim);
  platform_.arrays().draw_velocities(random, tau, target_->inverse_masses(), nullptr,
                                     flow_->positions().size(), dim, velocities_.data());
  flow_->positions().scatter(GroupPositions::Field::velocity, velocities_.data(), dim);
}
