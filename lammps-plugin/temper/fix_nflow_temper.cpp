#include "temper/fix_nflow_temper.h"

#include "base/error.h"
#include "lammps/compat.h"
#include "lammps/group_positions.h"
#include "lammps/potential_energy.h"
#include "lammps/target.h"
#include "restart_numbers.h"
#include "tempering/ladder.h"

#include "atom.h"
#include "comm.h"
#include "force.h"
#include "lammps.h"
#include "timer.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;

namespace {

TemperCommand parsed(LAMMPS *lmp, int narg, char **arg, const PartitionLink &link) {
  if (link.count() < 2)
    compat::stop(lmp->error, FLERR,
                 "fix nflow/temper: there is one partition only, but exchanges need two or more: "
                 "start LAMMPS with -partition");
  try {
    return parse_temper_command(lmp, narg, arg);
  } catch (const nflow::Error &e) {
    link.stop_alone(e.what());
  }
}

} // namespace

FixNflowTemper::FixNflowTemper(LAMMPS *lmp, int narg, char **arg, Platform &platform)
    : Fix(lmp, narg, arg), link_(lmp, "fix nflow/temper"), command_(parsed(lmp, narg, arg, link_)),
      tempering_(link_.count(), command_.plan()), whole_(platform.positions(lmp, 0, 3, true)),
      energy_(std::make_unique<PotentialEnergy>(lmp, platform)),
      masses_(std::make_unique<LammpsTarget>(lmp, *whole_, *energy_, 3)),
      agreement_(lmp, command_, igroup, platform, *whole_, *masses_),
      flows_(lmp, command_, igroup, platform, *whole_, *masses_),
      swap_(lmp, command_, link_, *whole_, *energy_, *masses_, flows_), thermostats_(lmp),
      log_(lmp, command_) {
  link_.set_limit(command_.limit);
  nevery = command_.every;
  scalar_flag = vector_flag = array_flag = 1;
  extscalar = extvector = extarray = 0;
  size_vector = 10;
  size_array_rows = static_cast<int>(tempering_.statistics().size());
  size_array_cols = 8;
  global_freq = 1;
  restart_global = 1;
  time_depend = 1;
}

FixNflowTemper::~FixNflowTemper() = default;

int FixNflowTemper::setmask() {
  return END_OF_STEP;
}

/// What is wrong here is told in setup(), by all partitions in one sentence: init() is called by
/// commands that need not be the same in all partitions.
void FixNflowTemper::init() {
  failure_.clear();
  try {
    whole_->init();
    energy_->init();
    masses_->init();
    agreement_.require_usable();
  } catch (const nflow::Error &e) {
    failure_ = e.what();
  }
}

void FixNflowTemper::setup(int) {
  link_.connect(command_.key ^ static_cast<uint32_t>(nevery));
  link_.stop_if_any(failure_);
  agreement_.order_types(link_, *whole_);
  masses_->init();
  const auto temperatures = agreement_.compare(link_, tempering_);
  try {
    if (!started_) tempering_.begin(temperatures);
  } catch (const nflow::Error &e) {
    link_.stop_together(e.what());
  }
  link_.stop_if_any(prepare());
  started_ = true;
  ended_ = false;
  energy_->tally_at((update->ntimestep / nevery + 1) * nevery);
}

/// What a partition does by itself before a run; returns what is wrong with it, or nothing.
std::string FixNflowTemper::prepare() {
  try {
    flows_.prepare(tempering_.temperatures());
    thermostats_.find();
    // The script has the temperature of the first run, the restart file that of a tuned ladder.
    if (!started_ && restart_step_ >= 0 && command_.tune_scans > 0) take_ladder(temperature());
    thermostats_.require(temperature());
    if (!started_) log_.open(tempering_, restart_step_);
  } catch (const std::exception &e) {
    return e.what();
  }
  return "";
}

double FixNflowTemper::tau(int partition) const {
  return force->boltz * tempering_.temperatures()[partition];
}

void FixNflowTemper::end_of_step() {
  if (ended_) return;
  const double start = MPI_Wtime();
  mc_active_ = 1;
  try {
    follow();
    thermostats_.require(temperature());
    const double energy = energy_->tallied();
    std::vector<double> status, energies;
    const double mine[2] = {1.0, energy};
    link_.gather_all(mine, 2, status, "an exchange");
    if (all_go_on(status)) {
      for (size_t k = 1; k < status.size(); k += 2) energies.push_back(status[k]);
      scan(energies);
      tune();
    }
  } catch (const nflow::Error &e) {
    link_.stop_alone(e.what());
  }
  mc_active_ = 0;
  energy_->tally_at(update->ntimestep + nevery);
  seconds_ += MPI_Wtime() - start;
}

/// What exchanges of types within this partition (fix atom/swap) have changed since the last scan.
void FixNflowTemper::follow() {
  if (whole_->follow()) {
    masses_->init();
    agreement_.require_whole_group();
  }
  flows_.follow();
}

/// A partition that ends its run early (timer timeout, fix halt) says so at what would have been
/// the next exchange, or the end of the run, and then all end.
void FixNflowTemper::post_run() {
  flows_.log_domain();
  if (started_) log_.fruitless_pairs(tempering_);
  if (!started_ || ended_ || update->whichflag != 1) return;
  std::vector<double> status;
  const double mine[2] = {update->ntimestep < update->laststep ? 0.0 : 1.0, 0.0};
  link_.gather_all(mine, 2, status, "the end of the run");
  if (mine[0] == 0.0)
    ended_ = true;
  else
    all_go_on(status);
}

/// `status` has of each partition whether it goes on, and its energy.
bool FixNflowTemper::all_go_on(const std::vector<double> &status) {
  for (int partition = 0; partition < link_.count(); partition++)
    if (status[2 * partition] == 0.0) {
      log_.say("partition " + std::to_string(partition) +
               " has ended its run early; so does this one");
      ended_ = true;
      timer->force_timeout();
      return false;
    }
  return true;
}

/// All pairs of a scan, and the consequences for this partition. `energies` are those of the
/// partitions.
void FixNflowTemper::scan(const std::vector<double> &energies) {
  const Encounter encounter = next_encounter();
  const auto works = propose(encounter, energies);
  const auto attempts = tempering_.decide(update->ntimestep, works);
  for (const auto &attempt : attempts)
    if (attempt.i == link_.index() || attempt.j == link_.index())
      settle(encounter, attempt.accepted, energies);
  log_.scan(attempts, tempering_);
}

Encounter FixNflowTemper::next_encounter() const {
  int partner = -1;
  for (const auto &[i, j] : tempering_.pairs()) {
    if (i == link_.index()) partner = j;
    if (j == link_.index()) partner = i;
  }
  if (partner < 0) return {};
  return {partner, temperature(), tempering_.temperatures()[partner], tempering_.scans()};
}

/// The works of all pairs of the scan.
std::vector<nflow::tempering::Works> FixNflowTemper::propose(const Encounter &encounter,
                                                             const std::vector<double> &energies) {
  const auto pairs = tempering_.pairs();
  const auto evaluates = [&](const auto &pair) {
    return command_.evaluates(pair.first, pair.second);
  };
  const int here = link_.index();
  std::vector<double> arrived; // the work of what has come to each partition
  if (std::any_of(pairs.begin(), pairs.end(), evaluates)) {
    const bool proposes = encounter.partner >= 0 && command_.evaluates(here, encounter.partner);
    const double mine = proposes ? swap_.propose(encounter, energies[here]) : 0.0;
    link_.gather_all(&mine, 1, arrived, "the decision");
  }
  std::vector<Works> works;
  for (const auto &[i, j] : pairs)
    works.push_back(command_.evaluates(i, j)
                        ? Works{arrived[j], arrived[i]}
                        : nflow::tempering::plain_works(energies[i], energies[j], tau(i), tau(j)));
  return works;
}

void FixNflowTemper::settle(const Encounter &encounter, bool accepted,
                            const std::vector<double> &energies) {
  if (command_.evaluates(link_.index(), encounter.partner))
    swap_.settle(encounter, accepted);
  else if (accepted)
    swap_.exchange_directly(encounter, energies[encounter.partner]);
  if (!accepted) return;
  thermostats_.velocities_changed(*energy_);
  // In memory the atoms lie in the spatial order of the configuration that has left: sort them at
  // the next re-neighboring, for the sake of the caches.
  if (atom->sortfreq > 0) atom->nextsort = update->ntimestep;
}

void FixNflowTemper::tune() {
  const double before = temperature();
  if (!tempering_.tune()) return;
  take_ladder(before);
  log_.tuned(tempering_);
}

/// Lets this partition, which had the temperature `before`, have that of the ladder.
void FixNflowTemper::take_ladder(double before) {
  thermostats_.tell(temperature());
  const double factor = std::sqrt(temperature() / before);
  if (factor != 1.0) swap_.rescale_velocities(factor);
  thermostats_.velocities_changed(*energy_);
}

double FixNflowTemper::compute_scalar() {
  return tempering_.acceptance();
}

double FixNflowTemper::compute_vector(int i) {
  const bool begun = tempering_.has_ladder(); // not before the first run
  switch (i) {
  case 0:
    return tempering_.barrier();
  case 1:
    return begun ? static_cast<double>(tempering_.replicas().round_trips()) : 0.0;
  case 2:
    return begun ? static_cast<double>(tempering_.replicas().tempered_restarts()) : 0.0;
  case 3:
    return begun ? tempering_.replicas().replica_at(link_.index()) : 0.0;
  case 4:
    return static_cast<double>(swap_.evaluations());
  case 5:
    return static_cast<double>(tempering_.sampled_scans());
  case 6:
    return begun ? temperature() : command_.temperature_of(link_.index());
  case 7:
    return static_cast<double>(tempering_.not_finite());
  case 8:
    return nflow::tempering::suggested_replicas(tempering_.barrier());
  }
  return seconds_;
}

double FixNflowTemper::compute_array(int row, int column) {
  const auto &pair = tempering_.statistics()[row];
  switch (column) {
  case 0:
    return static_cast<double>(pair.attempts());
  case 1:
    return static_cast<double>(pair.accepts());
  case 2:
    return pair.mean_acceptance();
  case 3:
    return pair.mean_rejection();
  case 4:
    return pair.free_energy().value;
  case 5:
    return pair.free_energy().error;
  case 6:
    return pair.ess_ij();
  }
  return pair.ess_ji();
}

nflow::tempering::RunFacts FixNflowTemper::run_facts() const {
  return {link_.index(),     command_.seed,       command_.every,
          update->ntimestep, swap_.evaluations(), seconds_};
}

void FixNflowTemper::write_restart(FILE *fp) {
  if (comm->me == 0) write_restart_numbers(fp, tempering_.save(run_facts()));
}

void FixNflowTemper::restart(char *buffer) {
  try {
    auto facts = run_facts();
    // LAMMPS keeps the numbers in memory of its own allocation, which is aligned.
    if (!tempering_.load(reinterpret_cast<const double *>(buffer), facts)) return;
    restart_step_ = facts.step;
    swap_.set_evaluations(facts.evaluations);
    seconds_ = facts.seconds;
  } catch (const nflow::Error &e) {
    link_.stop_alone(e.what());
  }
}

void *FixNflowTemper::extract(const char *name, int &dim) {
  dim = 0;
  if (strcmp(name, "mc_active") == 0) return &mc_active_;
  return nullptr;
}

double FixNflowTemper::memory_usage() {
  return swap_.bytes();
}
