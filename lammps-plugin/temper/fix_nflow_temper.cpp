#include "temper/fix_nflow_temper.h"

#include "base/error.h"
#include "base/random.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "lammps/target.h"
#include "root_model.h"
#include "tempering/ladder.h"

#include "atom.h"
#include "comm.h"
#include "force.h"
#include "timer.h"
#include "universe.h"
#include "update.h"

#include <cmath>

using namespace LAMMPS_NS;
using namespace FixConst;
using nflow::tempering::HotEnd;
using nflow::tempering::PairStatistics;
using nflow::tempering::ReplicaFlow;

FixNflowTemper::FixNflowTemper(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), platform_(platform), arrays_(platform.arrays()),
      count_(universe->nworlds), here_(universe->iworld),
      link_(std::make_unique<PartitionLink>(lmp, "fix nflow/temper")), places_(arrays_),
      inverse_masses_(arrays_), packet_(arrays_), received_(arrays_), point_(arrays_),
      unwrapped_(arrays_), scratch_(arrays_) {
  if (count_ < 2)
    stop("there is one partition only, but exchanges need two or more: start LAMMPS with "
         "-partition");
  if (narg < 6) stop("the form is 'fix ID group nflow/temper N seed T_1 ... keyword value ...'");
  nevery = utils::inumeric(FLERR, arg[3], false, lmp);
  seed_ = utils::inumeric(FLERR, arg[4], false, lmp);
  if (nevery <= 0) stop("N, the steps between exchanges, must be positive");
  if (seed_ <= 0) stop("the seed must be positive");
  parse_keywords(parse_temperatures(narg, arg), narg, arg);
  link_->set_limit(limit_);
  key_ = nflow::named_seed(static_cast<uint32_t>(seed_), id);
  tuning_ = tune_scans_ > 0;

  whole_ = platform_.positions(lmp, 0, 3, true);
  potential_ = std::make_unique<PotentialEnergy>(lmp, platform_);
  masses_ = std::make_unique<LammpsTarget>(lmp, *whole_, *potential_, 3);
  compared_.assign(count_, 0);
  statistics_.resize(nflow::tempering::possible_pairs(scheme_, count_).size());

  scalar_flag = vector_flag = array_flag = 1;
  extscalar = extvector = extarray = 0;
  size_vector = 10;
  size_array_rows = static_cast<int>(statistics_.size());
  size_array_cols = 8;
  global_freq = 1;
  restart_global = 1;
  time_depend = 1;
}

FixNflowTemper::~FixNflowTemper() = default;

void FixNflowTemper::stop(const std::string &sentence) const {
  if (count_ < 2) compat::stop(error, FLERR, "fix nflow/temper: " + sentence);
  link_->stop_alone(sentence);
}

int FixNflowTemper::setmask() {
  return END_OF_STEP;
}

/// What is wrong here is told in setup(), by all partitions in one sentence: init() is called by
/// commands that need not be the same in all partitions.
void FixNflowTemper::init() {
  failure_.clear();
  try {
    whole_->init();
    potential_->init();
    masses_->init();
    require_usable();
  } catch (const nflow::Error &e) {
    failure_ = e.what();
  }
}

void FixNflowTemper::setup(int) {
  link_->connect(key_ ^ static_cast<uint32_t>(nevery));
  link_->stop_if_any(failure_);
  compare_partitions();
  failure_.clear();
  try {
    prepare_routes();
    find_thermostats();
    if (temperatures_of_restart_ && tune_scans_ > 0) take_ladder(temperatures_);
    require_thermostats_agree();
    if (!started_) open_logs();
  } catch (const std::exception &e) {
    failure_ = e.what();
  }
  link_->stop_if_any(failure_);
  temperatures_of_restart_ = false;
  started_ = true;
  ended_ = false;
  potential_->tally_at((update->ntimestep / nevery + 1) * nevery);
}

double FixNflowTemper::tau(int partition) const {
  return force->boltz * temperatures_[partition];
}

int64_t FixNflowTemper::numbers() const {
  return 3 * whole_->size();
}

void FixNflowTemper::end_of_step() {
  if (ended_) return;
  const double start = MPI_Wtime();
  mc_active_ = 1;
  try {
    require_thermostats_agree();
    const double energy = potential_->tallied();
    const double mine[2] = {1.0, energy};
    link_->gather_all(mine, 2, status_, "an exchange");
    if (all_alive()) {
      scan();
      if (tuning_) tune();
    }
  } catch (const nflow::Error &e) {
    stop(e.what());
  }
  mc_active_ = 0;
  potential_->tally_at(update->ntimestep + nevery);
  seconds_ += MPI_Wtime() - start;
}

/// A partition that ends its run early (timer timeout, fix halt) says so at what would have been
/// the next exchange, or the end of the run, and then all end.
void FixNflowTemper::post_run() {
  if (!started_ || ended_ || update->whichflag != 1) return;
  const double mine[2] = {update->ntimestep < update->laststep ? 0.0 : 1.0, 0.0};
  link_->gather_all(mine, 2, status_, "the end of the run");
  if (mine[0] == 0.0)
    ended_ = true;
  else
    all_alive();
}

bool FixNflowTemper::all_alive() {
  for (int partition = 0; partition < count_; partition++)
    if (status_[2 * partition] == 0.0) {
      say("partition " + std::to_string(partition) + " has ended its run early; so does this one");
      ended_ = true;
      timer->force_timeout();
      return false;
    }
  return true;
}

std::vector<double> FixNflowTemper::rejections() const {
  std::vector<double> list;
  for (int i = 0; i + 1 < count_; i++)
    list.push_back(
        statistics_[nflow::tempering::index_of_pair(scheme_, count_, i, i + 1)].mean_rejection());
  return list;
}

void FixNflowTemper::reset_statistics() {
  statistics_.assign(statistics_.size(), PairStatistics());
  sampled_scans_ = 0;
  std::vector<int> permutation;
  for (int i = 0; i < count_; i++) permutation.push_back(replicas_->replica_at(i));
  const bool descending = temperatures_.front() > temperatures_.back();
  replicas_ =
      std::make_unique<ReplicaFlow>(count_, descending ? HotEnd::first : HotEnd::last, permutation);
}

/// Spaces the ladder anew after M/8, M/4, M/2 and M scans, and freezes it after the last.
void FixNflowTemper::tune() {
  const uint64_t part = tune_scans_ / 8;
  const bool last = scan_ >= tune_scans_;
  if (!last && scan_ != part && scan_ != 2 * part && scan_ != 4 * part) return;
  take_ladder(nflow::tempering::equal_rejection_ladder(temperatures_, rejections(), count_));
  reset_statistics();
  tuning_ = !last;
  const std::string what =
      last ? "sampling from step " + std::to_string(update->ntimestep + 1) : "tuning continues";
  if (log_) {
    log_->temperatures(temperatures_);
    log_->remark(what);
  }
  std::string list;
  for (const double temperature : temperatures_) list += " " + std::to_string(temperature);
  say("temperatures are now" + list + "; " +
      (last ? "they are frozen: " + what + ", and nothing from before belongs to it" : what));
}

/// Gives this partition its temperature of the ladder, and tells the thermostats.
void FixNflowTemper::take_ladder(const std::vector<double> &temperatures) {
  const double scale = std::sqrt(temperatures[here_] / temperatures_[here_]);
  temperatures_ = temperatures;
  for (Fix *thermostat : thermostats_) thermostat->reset_target(temperatures_[here_]);
  if (scale != 1.0) {
    scratch_.resize(numbers());
    whole_->gather(GroupPositions::Field::velocity, 3, scratch_.data());
    arrays_.scale(scale, numbers(), scratch_.data());
    whole_->scatter(GroupPositions::Field::velocity, scratch_.data(), 3);
  }
  tell_nose_hoover();
}

/// Fix nvt begins its next step with the kinetic energy that it found at the end of this one. It
/// must be that of the velocities which the atoms have now, or the chain of thermostats pushes the
/// wrong way, and everything is biased. Its setup() finds it anew and touches no velocity.
void FixNflowTemper::tell_nose_hoover() {
  for (Fix *fix : nose_hoover_) potential_->call(fix, [fix] { fix->setup(0); });
}
