#ifndef NFLOW_BASE_GAUSSIAN_SEQUENCE_H
#define NFLOW_BASE_GAUSSIAN_SEQUENCE_H

#include "base/function_space.h"

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>

namespace nflow {

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

  using Block = r123::Philox4x32::ctr_type;

  /// The four words around `at`.
  NFLOW_FUNCTION Block block(uint64_t at) const {
    const Block place = {{counter[0], counter[1], counter[2], static_cast<uint32_t>(at / 4)}};
    const r123::Philox4x32::key_type philox_key = {{key[0], key[1]}};
    return r123::Philox4x32()(place, philox_key);
  }
  /// Uniform in (0, 1] of 53 bits, from the two words at an even `at`.
  NFLOW_FUNCTION static double uniform(const Block &words, uint64_t at) {
    const bool second = at % 4 != 0;
    const uint64_t high = (second ? words[2] : words[0]) >> 5;
    const uint64_t low = (second ? words[3] : words[1]) >> 6;
    return (static_cast<double>(high * 67108864ull + low) + 0.5) / 9007199254740992.0;
  }
  NFLOW_FUNCTION double uniform(uint64_t at) const { return uniform(block(at), at); }
  /// The pair of the four words from an even `at` on (Box-Muller).
  NFLOW_FUNCTION GaussianPair pair_at(uint64_t at) const {
    const Block words = block(at);
    // Both numbers are of one block, unless an odd number of uniforms came before.
    const Block next = at % 4 == 0 ? words : block(at + 2);
    constexpr double two_pi = 6.283185307179586476925286766559;
    const double radius = std::sqrt(-2.0 * std::log(uniform(words, at)));
    const double angle = two_pi * uniform(next, at + 2);
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }
  /// The pair number p after the spare one.
  NFLOW_FUNCTION GaussianPair pair(int64_t p) const {
    return pair_at(word + 4 * static_cast<uint64_t>(p));
  }
  /// Normal number i.
  NFLOW_FUNCTION double at(int64_t i) const {
    if (has_spare && i == 0) return spare;
    const int64_t j = i - has_spare;
    const GaussianPair both = pair(j / 2);
    return j % 2 ? both.second : both.first;
  }
};

} // namespace nflow

#endif
