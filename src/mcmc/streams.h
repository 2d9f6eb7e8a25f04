#ifndef NFLOW_MCMC_STREAMS_H
#define NFLOW_MCMC_STREAMS_H

#include "base/random.h"

namespace nflow::mcmc {

/// Whose random numbers a chain takes: those of one replica of one simulation. They depend on
/// nothing else but the attempt and the purpose, so that the decisions are the same on any number
/// of MPI ranks and after a restart.
struct Streams {
  uint32_t seed = 0, replica = 0;

  RandomStream of(uint64_t attempt, Purpose purpose) const {
    return RandomStream(seed, replica, attempt, purpose);
  }
  bool operator==(const Streams &other) const {
    return seed == other.seed && replica == other.replica;
  }
};

} // namespace nflow::mcmc

#endif
