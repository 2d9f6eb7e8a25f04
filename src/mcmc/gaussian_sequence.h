#ifndef NFLOW_MCMC_GAUSSIAN_SEQUENCE_H
#define NFLOW_MCMC_GAUSSIAN_SEQUENCE_H

#include "mcmc/function_space.h"

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>

namespace nflow::mcmc {

/// Two independent standard normals.
struct GaussianPair {
  double first, second;
};

/// A piece of a RandomStream: its standard normals from a place on, each of which can be computed
/// by itself, so that as many threads as there are numbers can draw them.
struct GaussianSequence {
  uint32_t key[2] = {0, 0};
  uint32_t counter[3] = {0, 0, 0}; // attempt and purpose; the fourth word counts blocks
  uint64_t word = 0;               // where it begins, in words of 32 bits; an even number
  double spare = 0.0;              // the first normal, if it was made already
  int has_spare = 0;

  /// Uniform in (0, 1] of 53 bits, from the two words at `at`.
  NFLOW_FUNCTION double uniform(uint64_t at) const {
    r123::Philox4x32::ctr_type place = {
        {counter[0], counter[1], counter[2], static_cast<uint32_t>(at / 4)}};
    const r123::Philox4x32::key_type philox_key = {{key[0], key[1]}};
    const r123::Philox4x32::ctr_type block = r123::Philox4x32()(place, philox_key);
    const uint64_t high = block[at % 4] >> 5, low = block[at % 4 + 1] >> 6;
    return (static_cast<double>(high * 67108864ull + low) + 0.5) / 9007199254740992.0;
  }
  /// The pair number p after the spare one (Box-Muller).
  NFLOW_FUNCTION GaussianPair pair(int64_t p) const {
    const uint64_t at = word + 4 * static_cast<uint64_t>(p);
    constexpr double two_pi = 6.283185307179586476925286766559;
    const double radius = std::sqrt(-2.0 * std::log(uniform(at)));
    const double angle = two_pi * uniform(at + 2);
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }
  /// Normal number i.
  NFLOW_FUNCTION double at(int64_t i) const {
    if (has_spare && i == 0) return spare;
    const int64_t j = i - has_spare;
    const GaussianPair both = pair(j / 2);
    return j % 2 ? both.second : both.first;
  }
};

} // namespace nflow::mcmc

#endif
