#ifndef NFLOW_BASE_RANDOM_H
#define NFLOW_BASE_RANDOM_H

#include "base/gaussian_sequence.h"

#include <array>
#include <cstdint>
#include <string>

namespace nflow {

/// What a stream of random numbers is for; two purposes never share numbers.
enum class Purpose : uint32_t {
  move_choice = 1,
  latent = 2,
  auxiliary = 3,
  accept = 4,
  velocity = 5,
  check = 6,
  batch = 7,
  initialisation = 8,
  sample = 9,
  reservoir = 10,
  excursion = 11,
  centre = 12,
  exchange = 13,
  schedule = 14,
};

/// The seed of something that has a name of its own: two of the same seed, but of other names, must
/// not share random numbers.
uint32_t named_seed(uint32_t seed, const std::string &name);

/// Counter-based random numbers (Philox 4x32-10 of Random123), keyed by (seed, replica, attempt,
/// purpose): a draw depends on nothing else, so that it is the same for any number of MPI ranks and
/// after a restart.
class RandomStream {
 public:
  RandomStream(uint32_t seed, uint32_t replica, uint64_t attempt, Purpose purpose);
  /// Uniform in (0, 1], 53 bits.
  double uniform();
  /// Standard normal (Box-Muller).
  double gaussian();
  /// `count` independent normals of standard deviation `sigma`.
  void fill_gaussian(double *values, int64_t count, double sigma = 1.0);
  /// The next `count` normals, to be computed elsewhere; the stream goes on behind them.
  GaussianSequence take_gaussians(int64_t count);

 private:
  void find_spare();

  GaussianSequence rest_;      // of the stream, whose place is that of its next number
  bool spare_is_known_ = true; // else it is the second one of the pair at
  uint64_t spare_pair_ = 0;    // which is not computed before it is wanted, for it may never be
};

} // namespace nflow

#endif
