#ifndef NFLOW_TEMPER_LOG_H
#define NFLOW_TEMPER_LOG_H

#include "files/exchange_log.h"
#include "pointers.h"
#include "temper/temper_command.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// What fix nflow/temper tells: the file of its keyword log, and the screen and log of the
/// universe, both written by the first of all ranks.
class TemperLog : protected Pointers {
 public:
  using Tempering = nflow::tempering::Tempering;

  /// The command must live as long as this.
  TemperLog(LAMMPS *lmp, const TemperCommand &command) : Pointers(lmp), command_(command) {}

  /// Begins, or goes on with what was written up to `restart_step`; -1: no restart. Throws
  /// nflow::Error.
  void open(const Tempering &tempering, bigint restart_step);
  /// A scan that is over.
  void scan(const std::vector<nflow::ExchangeAttempt> &attempts, const Tempering &tempering);
  /// A new ladder.
  void tuned(const Tempering &tempering);
  /// At the end of a run: says which pairs with a flow, or force fields of their own, have been
  /// tried often and never exchanged.
  void fruitless_pairs(const Tempering &tempering) const;
  /// A sentence, in the log of this partition and in that of the universe.
  void say(const std::string &sentence) const;

 private:
  bool first_of_all() const;
  void to_universe(const std::string &text) const;
  void permutation(const Tempering &tempering) const;

  const TemperCommand &command_;
  std::unique_ptr<nflow::ExchangeLogWriter> file_;
};

} // namespace LAMMPS_NS

#endif
