#include "fix_nflow_mc.h"

#include "group_configuration.h"
#include "lammps_compat.h"
#include "nflow_error.h"
#include "root_model.h"

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
#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;
using nflow::mcmc::Move;
using nflow::mcmc::MoveKind;

namespace {
constexpr int fixed_columns = 9;     // of the vector, before those of the moves
constexpr double restart_form = 1.0; // of what write_restart() writes
} // namespace

FixNflowMC::FixNflowMC(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg) {
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
  size_vector = fixed_columns + 2 * static_cast<int>(moves_.size());
  global_freq = 1;
  restart_global = 1;
  time_depend = 1;
  force_reneighbor = 1;
  next_reneighbor = update->ntimestep + 1;

  try {
    model_ = std::make_unique<RootModel>(world, model_file_, device_, universe->iworld);
    const auto &metadata = model_->metadata();
    const int dim = static_cast<int>(metadata.dim);
    // A gaussian prior lives on the line, so unwrapped positions count even where the box is
    // periodic.
    configuration_ = std::make_unique<GroupConfiguration>(lmp, igroup, dim, false);
    target_ = std::make_unique<LammpsTarget>(*configuration_, dim);
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  if (model_->metadata().prior != nflow::Prior::gaussian)
    stop("model file '" + model_file_ +
         "' has a boltzmann prior, but these moves draw from a gaussian one: use a gaussian-prior "
         "model");
  make_sampler();
}

FixNflowMC::~FixNflowMC() = default;

void FixNflowMC::stop(const std::string &sentence) const {
  compat::stop(error, FLERR, "fix nflow/mc: " + sentence);
}

void FixNflowMC::parse_keywords(int narg, char **arg) {
  int iarg = 8;
  while (iarg < narg) {
    const std::string keyword = arg[iarg];
    if (keyword == "move") {
      iarg = parse_move(iarg + 1, narg, arg);
      continue;
    }
    if (iarg + 1 >= narg)
      stop("keyword '" + keyword +
           "' needs a value, or is not known: use move, batch, velocity or device");
    const std::string value = arg[iarg + 1];
    if (keyword == "batch") {
      batch_ = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
      if (batch_ < 1 || batch_ > 1000000) stop("batch must be from 1 to 1000000");
    } else if (keyword == "velocity") {
      if (value != "keep" && value != "redraw") stop("velocity must be keep or redraw");
      redraw_ = value == "redraw";
    } else if (keyword == "device") {
      device_ = value;
    } else {
      stop("keyword '" + keyword + "' is not known: use move, batch, velocity or device");
    }
    iarg += 2;
  }
  if (moves_.empty()) moves_.push_back(Move());
}

/// Reads one move from arg[iarg] on and returns the place of the next keyword.
int FixNflowMC::parse_move(int iarg, int narg, char **arg) {
  const auto number = [&](int i, const std::string &what) {
    if (i >= narg) stop(what + " is missing");
    return utils::numeric(FLERR, arg[i], false, lmp);
  };
  if (iarg >= narg) stop("move needs a kind: independence, multitry K, latent sigma s or pcn s");
  const std::string kind = arg[iarg++];
  Move move;
  if (kind == "independence") {
    move.kind = MoveKind::independence;
  } else if (kind == "multitry") {
    move.kind = MoveKind::multitry;
    if (iarg >= narg) stop("the number of tries K of move multitry is missing");
    move.tries = utils::inumeric(FLERR, arg[iarg++], false, lmp);
    if (move.tries < 2)
      stop("move multitry needs K of at least 2: the current configuration and one proposal");
  } else if (kind == "latent") {
    move.kind = MoveKind::latent;
    if (iarg < narg && strcmp(arg[iarg], "sigma") == 0) iarg++;
    move.step = number(iarg++, "sigma of move latent");
    if (!(move.step > 0.0)) stop("sigma of move latent must be positive");
  } else if (kind == "pcn") {
    move.kind = MoveKind::pcn;
    move.step = number(iarg++, "s of move pcn");
    if (!(move.step > 0.0 && move.step <= 1.0)) stop("s of move pcn must be in (0, 1]");
  } else {
    stop("move '" + kind + "' is not known: use independence, multitry K, latent sigma s or pcn s");
  }
  if (iarg < narg && strcmp(arg[iarg], "weight") == 0) {
    move.weight = number(iarg + 1, "the weight of a move");
    if (!(move.weight > 0.0) || !std::isfinite(move.weight))
      stop("the weight of a move must be positive");
    iarg += 2;
  }
  moves_.push_back(move);
  return iarg;
}

int FixNflowMC::setmask() {
  return PRE_EXCHANGE;
}

void FixNflowMC::make_sampler() {
  const auto &metadata = model_->metadata();
  nflow::mcmc::Space space;
  space.coordinates = metadata.coordinates();
  space.auxiliary = metadata.auxiliary;
  space.gaussian_prior = true;
  sampler_ = std::make_unique<nflow::mcmc::FlowSampler>(*model_, *target_, space, moves_, batch_,
                                                        key(), static_cast<uint32_t>(replica_));
  x_.resize(metadata.coordinates());
  velocities_.resize(metadata.coordinates());
}

void FixNflowMC::require_usable() const {
  if (utils::strmatch(update->integrate_style, "^respa"))
    stop("run_style respa holds the forces of its inner levels, which a move would leave stale: "
         "use run_style verlet");
  if (domain->nonperiodic == 2)
    stop("the box is shrink-wrapped, but a flow is made for a fixed box: use boundary f or p");
  if (group->dynamic[igroup])
    stop("the group must not be dynamic: a flow needs a fixed set of atoms");
  if (modify->check_rigid_group_overlap(groupbit))
    stop("atoms of the group are in a rigid body, which a flow would break: choose another group");
  for (int i = 0; i < modify->nfix; i++)
    if (compat::begins_with(modify->fix[i]->style, {"shake", "rattle"}))
      stop("fix shake and fix rattle hold bonds that a flow would break: remove the constraints");
  if (domain->box_change_size || domain->box_change_shape || domain->deform_flag)
    stop("the box changes during the run, but a flow is made for a fixed box: remove the barostat "
         "or deformation");
}

void FixNflowMC::init() {
  require_usable();
  try {
    configuration_->init();
    nflow::require_match(model_->metadata(), configuration_->system(), model_file_);
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  warn_of_open_model();
  dynamics_ = configuration_->has_dynamics();
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
  uint32_t hash = 2166136261u;
  for (const char *c = id; *c; c++) hash = (hash ^ static_cast<unsigned char>(*c)) * 16777619u;
  return hash ^ static_cast<uint32_t>(seed_);
}

double FixNflowMC::current_tau() {
  double temperature = temperature_;
  if (!temperature_variable_.empty()) {
    modify->clearstep_compute();
    temperature =
        input->variable->compute_equal(input->variable->find(temperature_variable_.c_str()));
    modify->addstep_compute(update->ntimestep + nevery);
  }
  if (!(temperature > 0.0) || !std::isfinite(temperature))
    stop("the temperature variable '" + temperature_variable_ + "' is not positive at step " +
         std::to_string(update->ntimestep));
  return force->boltz * temperature;
}

void FixNflowMC::setup_pre_exchange() {
  // A minimization or a reset of the timestep has passed the step of the next call.
  if (next_reneighbor <= update->ntimestep) next_reneighbor = update->ntimestep + 1;
  check_flow(current_tau());
}

/// Checks the flow unless it has been checked at this temperature, to 5 percent.
void FixNflowMC::check_flow(double tau) {
  for (const double checked : checked_taus_)
    if (std::fabs(tau - checked) <= 0.05 * checked) return;
  try {
    configuration_->read({x_.data(), configuration_->size(), model_->metadata().dim});
    model_->check(tau, x_, checked_taus_.empty() ? batch_ : 1);
  } catch (const std::exception &e) {
    stop(e.what());
  }
  if (checked_taus_.empty() && !model_->jacobian_checked() && comm->me == 0)
    error->warning(
        FLERR,
        "the flow of fix nflow/mc is too large to compare its log_det with its Jacobian: only its "
        "round trip was checked");
  checked_taus_.push_back(tau);
}

void FixNflowMC::pre_exchange() {
  if (next_reneighbor != update->ntimestep) return;
  const double start = MPI_Wtime();
  const double tau = current_tau();
  check_flow(tau);
  const TensorView x{x_.data(), configuration_->size(), model_->metadata().dim};
  bool moved = false;
  mc_active_ = 1;
  try {
    configuration_->read(x);
    const double energy = timed_energy();
    if (!std::isfinite(energy))
      throw nflow::Error(
          "the energy of the current configuration is not a finite number: start from another one");
    // From here on velocities are those of the full step, which are independent of the positions.
    if (dynamics_) configuration_->kick(+1.0);
    sampler_->set_state(x_.data(), energy, tau);
    for (int i = 0; i < attempts_per_call_; i++) {
      const uint64_t attempt = sampler_->counters().attempts;
      if (!sampler_->attempt()) continue;
      moved = true;
      if (redraw_) redraw_velocities(attempt, tau);
    }
  } catch (const std::exception &e) { // nflow::Error, or no memory for a batch
    stop(e.what());
  }
  if (moved) {
    std::copy(sampler_->x().begin(), sampler_->x().end(), x_.begin());
    configuration_->replace(x);
  } else {
    configuration_->restore();
  }
  if (dynamics_) {
    timed_energy();
    configuration_->kick(-1.0);
  }
  configuration_->migrate();
  mc_active_ = 0;
  total_seconds_ += MPI_Wtime() - start;
  next_reneighbor = update->ntimestep + nevery;
}

double FixNflowMC::timed_energy() {
  const double start = MPI_Wtime();
  const double energy = configuration_->energy(dynamics_);
  own_energy_seconds_ += MPI_Wtime() - start;
  return energy;
}

double FixNflowMC::LammpsTarget::energy(const double *x) {
  if (!configuration_.replace({const_cast<double *>(x), configuration_.size(), dim_}))
    return INFINITY;
  return configuration_.energy();
}

void FixNflowMC::redraw_velocities(uint64_t attempt, double tau) {
  const auto dim = model_->metadata().dim;
  nflow::mcmc::RandomStream random(key(), replica_, attempt, nflow::mcmc::Purpose::velocity);
  random.fill_gaussian(velocities_.data(), static_cast<int64_t>(velocities_.size()));
  for (int i = 0; i < atom->nlocal; i++) {
    const int64_t first = configuration_->ordinal(i) * dim;
    if (first < 0) continue;
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    const double sigma = std::sqrt(tau / (mass * force->mvv2e));
    for (int64_t k = 0; k < dim; k++) atom->v[i][k] = sigma * velocities_[first + k];
  }
}

double FixNflowMC::compute_scalar() {
  const auto &counters = sampler_->counters();
  return counters.attempts ? static_cast<double>(counters.accepts) / counters.attempts : 0.0;
}

double FixNflowMC::compute_vector(int i) {
  const auto &counters = sampler_->counters();
  const auto &timings = sampler_->timings();
  const double attempts = timings.attempts ? static_cast<double>(timings.attempts) : 1.0;
  switch (i) {
  case 0:
    return static_cast<double>(counters.attempts);
  case 1:
    return static_cast<double>(counters.accepts);
  case 2:
    return sampler_->last_energy_change();
  case 3:
    return sampler_->last_log_acceptance();
  case 4:
    return sampler_->importance().fraction();
  case 5:
    return static_cast<double>(counters.not_finite);
  case 6:
    return timings.flow / attempts;
  case 7:
    return (timings.energy + own_energy_seconds_) / attempts;
  case 8:
    return total_seconds_ / attempts;
  }
  const auto &of_moves = (i - fixed_columns) % 2 ? counters.move_accepts : counters.move_attempts;
  return static_cast<double>(of_moves[(i - fixed_columns) / 2]);
}

void FixNflowMC::write_restart(FILE *fp) {
  std::vector<double> list{restart_form, static_cast<double>(seed_), static_cast<double>(replica_),
                           static_cast<double>(next_reneighbor),
                           static_cast<double>(update->ntimestep)};
  const auto numbers = sampler_->checkpoint();
  list.push_back(static_cast<double>(numbers.size()));
  list.insert(list.end(), numbers.begin(), numbers.end());
  if (comm->me != 0) return;
  const int bytes = static_cast<int>(list.size() * sizeof(double));
  fwrite(&bytes, sizeof(int), 1, fp);
  fwrite(list.data(), sizeof(double), list.size(), fp);
}

void FixNflowMC::restart(char *buffer) {
  const double *list = reinterpret_cast<double *>(buffer);
  if (list[0] != restart_form)
    stop("the restart file is of another version of this fix: start without its state");
  seed_ = static_cast<int>(list[1]);
  // One file may start several partitions; each keeps to numbers of its own.
  if (universe->nworlds == 1) replica_ = static_cast<int>(list[2]);
  next_reneighbor = static_cast<bigint>(list[3]);
  if (static_cast<bigint>(list[4]) != update->ntimestep)
    stop("the timestep must not be reset when this fix is restarted");
  const auto count = static_cast<size_t>(list[5]);
  make_sampler();
  sampler_->restore(std::vector<double>(list + 6, list + 6 + count));
}

void *FixNflowMC::extract(const char *name, int &dim) {
  dim = 0;
  if (strcmp(name, "mc_active") == 0) return &mc_active_;
  return nullptr;
}

double FixNflowMC::memory_usage() {
  const double point = static_cast<double>(model_->metadata().size());
  return (2.0 * batch_ * point + 10.0 * point) * sizeof(double);
}
