#include "temper/temper_log.h"

#include "base/text.h"
#include "mcmc/fruitless.h"
#include "tempering/schedule.h"

#include "comm.h"
#include "force.h"
#include "universe.h"
#include "update.h"
#include "utils.h"

namespace LAMMPS_NS {

bool TemperLog::first_of_all() const {
  return universe->me == 0;
}

void TemperLog::to_universe(const std::string &text) const {
  if (universe->uscreen) fputs(text.c_str(), universe->uscreen);
  if (universe->ulogfile) fputs(text.c_str(), universe->ulogfile);
}

void TemperLog::say(const std::string &sentence) const {
  const std::string text = "fix nflow/temper: " + sentence + "\n";
  if (comm->me == 0) utils::logmesg(lmp, text);
  if (first_of_all()) to_universe(text);
}

void TemperLog::open(const Tempering &tempering, bigint restart_step) {
  if (!first_of_all()) return;
  if (!command_.log_file.empty()) {
    file_ =
        std::make_unique<nflow::ExchangeLogWriter>(command_.log_file, restart_step, force->boltz);
    if (!file_->continued()) {
      file_->temperatures(tempering.temperatures());
      if (tempering.tuning()) file_->remark("tuning");
    }
  }
  if (!command_.universe_log) return;
  std::string header = "Step";
  for (int i = 0; i < tempering.count(); i++) header += " T" + std::to_string(i);
  to_universe(header + '\n');
  permutation(tempering);
}

/// In the form of the temper command: the index of the temperature of each replica.
void TemperLog::permutation(const Tempering &tempering) const {
  std::string text = std::to_string(update->ntimestep);
  for (int replica = 0; replica < tempering.count(); replica++)
    text += ' ' + std::to_string(tempering.replicas().temperature_of(replica));
  to_universe(text + '\n');
  if (universe->ulogfile) fflush(universe->ulogfile);
}

void TemperLog::scan(const std::vector<nflow::ExchangeAttempt> &attempts,
                     const Tempering &tempering) {
  if (file_) {
    for (const auto &attempt : attempts) file_->attempt(attempt);
    file_->flush();
  }
  if (command_.universe_log && first_of_all()) permutation(tempering);
}

void TemperLog::fruitless_pairs(const Tempering &tempering) const {
  const auto pairs = nflow::tempering::possible_pairs(command_.scheme, tempering.count());
  for (size_t k = 0; k < pairs.size(); k++) {
    const auto &statistics = tempering.statistics()[k];
    const auto &[i, j] = pairs[k];
    if (statistics.attempts() < nflow::mcmc::FruitlessMoves::least || statistics.accepts() > 0 ||
        !command_.evaluates(i, j))
      continue;
    const auto t = [&](int partition) {
      return nflow::number(tempering.temperatures()[partition], 6);
    };
    const std::string file = command_.model_of(i, j);
    say("warning: of " + std::to_string(statistics.attempts()) + " exchanges between T = " + t(i) +
        " and " + t(j) + (file.empty() ? "" : " through model file '" + file + "'") +
        " none was accepted (mean acceptance " + nflow::number(statistics.mean_acceptance(), 3) +
        "): use closer temperatures, or " +
        (file.empty() ? "force fields that are more alike"
                      : "a flow that was trained longer or with more samples, or NULL, which "
                        "exchanges plainly"));
  }
}

void TemperLog::tuned(const Tempering &tempering) {
  const auto &temperatures = tempering.temperatures();
  const std::string what = tempering.tuning()
                               ? "tuning continues"
                               : "sampling from step " + std::to_string(update->ntimestep + 1);
  if (file_) {
    file_->temperatures(temperatures);
    file_->remark(what);
  }
  std::string list;
  for (const double temperature : temperatures) list += " " + std::to_string(temperature);
  say("temperatures are now" + list + "; " +
      (tempering.tuning()
           ? what
           : "they are frozen: " + what + ", and nothing from before belongs to it"));
}

} // namespace LAMMPS_NS
