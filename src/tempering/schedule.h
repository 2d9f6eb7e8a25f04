#ifndef NFLOW_TEMPERING_SCHEDULE_H
#define NFLOW_TEMPERING_SCHEDULE_H

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nflow::tempering {

enum class Scheme {
  deo,    // even pairs on even scans, odd ones on odd scans: non-reversible
  seo,    // even or odd pairs by a coin
  random, // one pair of neighbors
  any     // all in pairs at random
};

/// The pairs (i, j), i < j, that exchange in a scan; disjoint. Depends on the arguments alone, so
/// that all partitions come to the same pairs.
std::vector<std::pair<int, int>> pairs_of_scan(Scheme scheme, int count, uint64_t scan,
                                               uint32_t key);

/// All pairs that a scheme can choose, in order: neighbors, or (0,1) (0,2) .. (1,2) ..
std::vector<std::pair<int, int>> possible_pairs(Scheme scheme, int count);

/// The place of pair (i, j) in possible_pairs().
size_t index_of_pair(Scheme scheme, int count, int i, int j);

} // namespace nflow::tempering

#endif
