// What fix nflow/mc tells, and its restarts.

#include "mc/fix_nflow_mc.h"

#include "bound_flow.h"
#include "mc/flow_audit.h"
#include "mc/mc_temperature.h"
#include "mcmc/moves/table.h"
#include "restart_numbers.h"

#include "comm.h"
#include "error.h"
#include "universe.h"
#include "update.h"

#include <cstring>

using namespace LAMMPS_NS;

namespace {
constexpr double restart_form = 3.0; // of what write_restart() writes
} // namespace

void FixNflowMC::post_run() {
  flow_->log_domain();
  warn_of_fruitless_moves();
}

/// The run is right without them, and slower.
void FixNflowMC::warn_of_fruitless_moves() {
  for (const auto &one : fruitless_.take(sampler_->record()))
    if (comm->me == 0)
      error->warning(FLERR,
                     "fix nflow/mc: " + one.sentence(sampler_->moves()[one.move].row->name) +
                         ": leave this move out, take smaller steps or fewer atoms, or train "
                         "the flow longer or with more samples of this system");
}

double FixNflowMC::compute_scalar() {
  const auto &counters = sampler_->counters();
  return counters.attempts ? static_cast<double>(counters.accepts) / counters.attempts : 0.0;
}

double FixNflowMC::compute_vector(int i) {
  const auto &record = sampler_->record();
  const auto &counters = record.counters;
  const auto &timings = record.timings;
  const double attempts = timings.attempts ? static_cast<double>(timings.attempts) : 1.0;
  switch (i) {
  case 0:
    return static_cast<double>(counters.attempts);
  case 1:
    return static_cast<double>(counters.accepts);
  case 2:
    return record.energy_change;
  case 3:
    return record.log_acceptance;
  case 4:
    return record.ess();
  case 5:
    return static_cast<double>(counters.not_finite);
  case 6:
    return timings.flow / attempts;
  case 7:
    return (timings.energy + times_.energy) / attempts;
  case 8:
    return times_.wall / attempts;
  }
  const int of_move = i - first_columns, moves = static_cast<int>(sampler_->moves().size());
  if (of_move < 2 * moves) {
    const auto &of_moves = of_move % 2 ? counters.move_accepts : counters.move_attempts;
    return static_cast<double>(of_moves[of_move / 2]);
  }
  switch (of_move - 2 * moves) {
  case 0:
    return static_cast<double>(counters.rearrangements);
  case 1:
    return times_.cpu;
  case 2:
    return static_cast<double>(counters.evaluations);
  case 3:
    return static_cast<double>(counters.not_reversible);
  case 4:
    return counters.trajectories
               ? static_cast<double>(counters.accepted_trajectories) / counters.trajectories
               : 0.0;
  }
  return times_.wall > 0.0 ? audit_->seconds() / times_.wall : 0.0;
}

void FixNflowMC::write_restart(FILE *fp) {
  std::vector<double> list{restart_form,
                           static_cast<double>(arguments_.seed),
                           static_cast<double>(replica_),
                           static_cast<double>(next_reneighbor),
                           static_cast<double>(update->ntimestep),
                           times_.cpu};
  const auto numbers = sampler_->record().checkpoint();
  list.push_back(static_cast<double>(numbers.size()));
  list.insert(list.end(), numbers.begin(), numbers.end());
  if (comm->me == 0) write_restart_numbers(fp, list);
}

void FixNflowMC::restart(char *buffer) {
  const double *list = reinterpret_cast<double *>(buffer);
  if (list[0] != restart_form)
    stop("the restart file is of another version of this fix: start without its state");
  arguments_.seed = static_cast<int>(list[1]);
  // One file may start several partitions; each keeps to numbers of its own.
  if (universe->nworlds == 1) replica_ = static_cast<int>(list[2]);
  next_reneighbor = static_cast<bigint>(list[3]);
  if (static_cast<bigint>(list[4]) != update->ntimestep)
    stop("the timestep must not be reset when this fix is restarted");
  times_.cpu = list[5];
  const auto count = static_cast<size_t>(list[6]);
  sampler_->restart(streams(), std::vector<double>(list + 7, list + 7 + count));
}

void *FixNflowMC::extract(const char *name, int &dim) {
  dim = 0;
  if (strcmp(name, "mc_active") == 0) return &mc_active_;
  if (strcmp(name, "t_target") == 0) return temperature_->constant();
  return nullptr;
}

double FixNflowMC::memory_usage() {
  const double point = static_cast<double>(flow_->metadata().size());
  const auto fresh = static_cast<double>(arguments_.batch);
  const auto prefetched = static_cast<double>(arguments_.prefetch_depth().largest);
  return (2.0 * fresh + 5.0 * prefetched + 10.0) * point * sizeof(double);
}
