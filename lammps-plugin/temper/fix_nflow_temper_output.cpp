// What fix nflow/temper tells, and its restarts.

#include "temper/fix_nflow_temper.h"

#include "base/error.h"
#include "files/exchange_log.h"
#include "lammps/group_positions.h"
#include "root_model.h"
#include "tempering/ladder.h"

#include "comm.h"
#include "force.h"
#include "universe.h"
#include "update.h"

#include <cinttypes>
#include <cstring>

using namespace LAMMPS_NS;
using nflow::tempering::HotEnd;
using nflow::tempering::ReplicaFlow;

namespace {
constexpr double restart_form = 1.0; // of what write_restart() writes
} // namespace

bool FixNflowTemper::first_of_all() const {
  return universe->me == 0;
}

void FixNflowTemper::say(const std::string &sentence) const {
  const std::string text = "fix nflow/temper: " + sentence + "\n";
  if (comm->me == 0) utils::logmesg(lmp, text);
  if (!first_of_all()) return;
  if (universe->uscreen) fputs(text.c_str(), universe->uscreen);
  if (universe->ulogfile) fputs(text.c_str(), universe->ulogfile);
}

void FixNflowTemper::open_logs() {
  if (!first_of_all()) return;
  if (!log_file_.empty()) {
    log_ = std::make_unique<nflow::ExchangeLogWriter>(log_file_, restart_step_, force->boltz);
    if (!log_->continued()) {
      log_->temperatures(temperatures_);
      if (tuning_) log_->remark("tuning");
    }
  }
  if (universe_log_) log_permutation(true);
}

/// In the form of the temper command: the index of the temperature of each replica.
void FixNflowTemper::log_permutation(bool with_header) {
  std::string text;
  if (with_header) {
    text = "Step";
    for (int i = 0; i < count_; i++) text += " T" + std::to_string(i);
    text += '\n';
  }
  text += std::to_string(update->ntimestep);
  for (int replica = 0; replica < count_; replica++)
    text += ' ' + std::to_string(replicas_->temperature_of(replica));
  text += '\n';
  if (universe->uscreen) fputs(text.c_str(), universe->uscreen);
  if (!universe->ulogfile) return;
  fputs(text.c_str(), universe->ulogfile);
  fflush(universe->ulogfile);
}

void FixNflowTemper::log_scan(const std::vector<std::pair<int, int>> &pairs,
                              const std::vector<double> &works_ij,
                              const std::vector<double> &works_ji,
                              const std::vector<char> &accepted) {
  for (size_t k = 0; k < pairs.size(); k++) {
    const auto [i, j] = pairs[k];
    if (log_)
      log_->attempt({update->ntimestep, static_cast<int64_t>(scan_), i, j, works_ij[k], works_ji[k],
                     accepted[k] != 0, replicas_->replica_at(i), replicas_->replica_at(j)});
    if (accepted[k]) replicas_->swap(i, j);
  }
  replicas_->record();
  if (log_) log_->flush();
  if (universe_log_ && first_of_all()) log_permutation(false);
}

double FixNflowTemper::compute_scalar() {
  double attempts = 0.0, accepts = 0.0;
  for (const auto &pair : statistics_) {
    attempts += static_cast<double>(pair.attempts());
    accepts += static_cast<double>(pair.accepts());
  }
  return attempts > 0.0 ? accepts / attempts : 0.0;
}

double FixNflowTemper::compute_vector(int i) {
  if (i == 0) return nflow::tempering::global_barrier(rejections());
  if (i == 8)
    return nflow::tempering::suggested_replicas(nflow::tempering::global_barrier(rejections()));
  if (i == 4) return static_cast<double>(evaluations_);
  if (i == 5) return static_cast<double>(sampled_scans_);
  if (i == 9) return seconds_;
  double not_finite = 0.0;
  for (const auto &pair : statistics_) not_finite += static_cast<double>(pair.not_finite());
  if (i == 7) return not_finite;
  if (!replicas_) // before the first run
    return i == 6 ? given_temperatures_[given_temperatures_.size() == 1 ? 0 : here_] : 0.0;
  if (i == 1) return static_cast<double>(replicas_->round_trips());
  if (i == 2) return static_cast<double>(replicas_->tempered_restarts());
  return i == 3 ? replicas_->replica_at(here_) : temperatures_[here_];
}

double FixNflowTemper::compute_array(int row, int column) {
  const auto &pair = statistics_[row];
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

void FixNflowTemper::write_restart(FILE *fp) {
  if (comm->me != 0) return;
  // Before the first run there is no state: that is told by zero partitions.
  std::vector<double> list{restart_form,
                           replicas_ ? static_cast<double>(count_) : 0.0,
                           static_cast<double>(here_),
                           static_cast<double>(seed_),
                           static_cast<double>(update->ntimestep),
                           static_cast<double>(scan_),
                           static_cast<double>(sampled_scans_),
                           tuning_ ? 1.0 : 0.0,
                           static_cast<double>(evaluations_),
                           static_cast<double>(statistics_.size()),
                           static_cast<double>(nevery),
                           static_cast<double>(tune_scans_),
                           seconds_};
  if (replicas_) {
    list.insert(list.end(), temperatures_.begin(), temperatures_.end());
    const auto replicas = replicas_->state();
    list.push_back(static_cast<double>(replicas.size()));
    list.insert(list.end(), replicas.begin(), replicas.end());
    for (const auto &pair : statistics_) pair.append_state(list);
  }
  const int bytes = static_cast<int>(list.size() * sizeof(double));
  fwrite(&bytes, sizeof(int), 1, fp);
  fwrite(list.data(), sizeof(double), list.size(), fp);
}

void FixNflowTemper::restart(char *buffer) {
  std::vector<double> head(13);
  std::memcpy(head.data(), buffer, head.size() * sizeof(double));
  if (head[0] != restart_form)
    stop("the restart file is of another version of this fix: start without its state");
  if (head[1] == 0.0) return;
  const auto partition = static_cast<int>(head[2]);
  if (static_cast<int>(head[1]) != count_)
    stop("the restart file is of a run with " + std::to_string(static_cast<int>(head[1])) +
         " partitions, this one has " + std::to_string(count_) + ": use as many");
  if (partition != here_)
    stop("the restart file is that of partition " + std::to_string(partition) +
         ": let every partition read its own file");
  if (static_cast<int>(head[3]) != seed_)
    stop("the restart file is of a run with seed " + std::to_string(static_cast<int>(head[3])) +
         ": give the same seed to continue it");
  if (static_cast<bigint>(head[4]) != update->ntimestep)
    stop("the restart file is of step " + std::to_string(static_cast<bigint>(head[4])) +
         ", but this is step " + std::to_string(update->ntimestep) +
         ": give the fix right after read_restart, and do not reset the timestep");
  if (static_cast<int>(head[10]) != nevery || static_cast<uint64_t>(head[11]) != tune_scans_)
    stop("the restart file is of a run with N = " + std::to_string(static_cast<int>(head[10])) +
         " and tune " + std::to_string(static_cast<uint64_t>(head[11])) +
         ": give the same (0: no tune) to continue it");
  if (static_cast<size_t>(head[9]) != statistics_.size())
    stop("the restart file is of a run with other partners: give the same keyword to continue it");
  restart_step_ = update->ntimestep;
  scan_ = static_cast<uint64_t>(head[5]);
  sampled_scans_ = static_cast<uint64_t>(head[6]);
  tuning_ = head[7] != 0.0;
  evaluations_ = static_cast<uint64_t>(head[8]);
  seconds_ = head[12];

  // LAMMPS keeps the numbers in memory of its own allocation, which is aligned.
  const auto *numbers = reinterpret_cast<const double *>(buffer) + head.size();
  temperatures_.assign(numbers, numbers + count_);
  numbers += count_;
  const auto size = static_cast<size_t>(*numbers++);
  const bool descending = temperatures_.front() > temperatures_.back();
  replicas_ = std::make_unique<ReplicaFlow>(count_, descending ? HotEnd::first : HotEnd::last);
  replicas_->set_state(std::vector<double>(numbers, numbers + size));
  numbers += size;
  for (auto &pair : statistics_) pair.set_state(numbers);
  temperatures_of_restart_ = true;
}

void *FixNflowTemper::extract(const char *name, int &dim) {
  dim = 0;
  if (strcmp(name, "mc_active") == 0) return &mc_active_;
  return nullptr;
}

double FixNflowTemper::memory_usage() {
  int64_t count = 0;
  for (const auto *buffer : {&packet_.body, &received_.body, &point_, &unwrapped_, &scratch_})
    count += buffer->size();
  return static_cast<double>(count) * sizeof(double);
}
