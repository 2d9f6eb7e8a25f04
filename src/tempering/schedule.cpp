#include "tempering/schedule.h"

#include "base/random.h"

#include <algorithm>
#include <numeric>

namespace nflow::tempering {

using Pairs = std::vector<std::pair<int, int>>;

namespace {

int below(int count, RandomStream &random) {
  return std::min(static_cast<int>(random.uniform() * count), count - 1);
}

Pairs neighbors(int first, int count) {
  Pairs pairs;
  for (int i = first; i + 1 < count; i += 2) pairs.emplace_back(i, i + 1);
  return pairs;
}

Pairs matched_at_random(int count, RandomStream &random) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  // Fisher and Yates; std::shuffle may differ between libraries.
  for (int i = count - 1; i > 0; i--) std::swap(order[i], order[below(i + 1, random)]);
  Pairs pairs;
  for (int i = 0; i + 1 < count; i += 2) pairs.push_back(std::minmax(order[i], order[i + 1]));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

} // namespace

Pairs pairs_of_scan(Scheme scheme, int count, uint64_t scan, uint32_t key) {
  if (scheme == Scheme::deo) return neighbors(static_cast<int>(scan % 2), count);
  RandomStream random(key, 0, scan, Purpose::schedule);
  if (scheme == Scheme::any) return matched_at_random(count, random);
  if (scheme == Scheme::seo) return neighbors(random.uniform() < 0.5 ? 0 : 1, count);
  const int i = below(count - 1, random);
  return {{i, i + 1}};
}

Pairs possible_pairs(Scheme scheme, int count) {
  Pairs pairs;
  for (int i = 0; i < count; i++)
    for (int j = i + 1; j < count && (j == i + 1 || scheme == Scheme::any); j++)
      pairs.emplace_back(i, j);
  return pairs;
}

size_t index_of_pair(Scheme scheme, int count, int i, int j) {
  if (scheme != Scheme::any) return static_cast<size_t>(i);
  return static_cast<size_t>(i * (2 * count - i - 1) / 2 + (j - i - 1));
}

} // namespace nflow::tempering
