#ifndef NFLOW_MCMC_FRUITLESS_H
#define NFLOW_MCMC_FRUITLESS_H

#include "mcmc/record.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nflow::mcmc {

/// A move that was tried and never accepted.
struct FruitlessMove {
  size_t move = 0;
  uint64_t attempts = 0;
  double best_log_acceptance = 0.0; // minus infinity: no attempt had one

  /// "of 2000 attempts of 'NAME' none was accepted ..", without what to try.
  std::string sentence(const std::string &name) const;
};

/// Finds moves that have not been accepted once in `least` attempts or more since it last told of
/// them or saw them accepted.
class FruitlessMoves {
 public:
  static constexpr uint64_t least = 200;

  std::vector<FruitlessMove> take(const Record &record);

 private:
  std::vector<uint64_t> attempts_, accepts_; // by move, when they were last looked at
};

} // namespace nflow::mcmc

#endif
