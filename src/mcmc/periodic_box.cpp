#include "mcmc/periodic_box.h"

#include <algorithm>
#include <numeric>

namespace nflow::mcmc {

std::vector<uint8_t> nearest_atoms(const PeriodicBox &box, const double *centre, const double *x,
                                   int64_t n, int64_t count) {
  std::vector<double> distances(n);
  for (int64_t i = 0; i < n; i++) distances[i] = box.squared_distance(centre, x + i * box.dim);
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::nth_element(order.begin(), order.begin() + (count - 1), order.end(),
                   [&](int64_t a, int64_t b) {
                     return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                   });
  std::vector<uint8_t> mask(n, 0);
  for (int64_t i = 0; i < count; i++) mask[order[i]] = 1;
  return mask;
}

int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion, const double *x,
                         const double *x_new, int64_t n) {
  const int64_t dim = box.dim;
  const double reach = criterion.neighbours * criterion.neighbours;
  const double limit = criterion.distance * criterion.distance;
  std::vector<double> moved(n * dim), sums(n * dim, 0.0);
  std::vector<int64_t> neighbours(n, 0);
  for (int64_t i = 0; i < n * dim; i++) moved[i] = box.nearest(x_new[i] - x[i], i % dim);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = i + 1; j < n; j++) {
      if (box.squared_distance(x + i * dim, x + j * dim) >= reach) continue;
      neighbours[i]++;
      neighbours[j]++;
      for (int64_t k = 0; k < dim; k++) {
        sums[i * dim + k] += moved[j * dim + k];
        sums[j * dim + k] += moved[i * dim + k];
      }
    }
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    double squared = 0.0;
    for (int64_t k = 0; k < dim; k++) {
      const double mean =
          neighbours[i] ? sums[i * dim + k] / static_cast<double>(neighbours[i]) : 0.0;
      squared += (moved[i * dim + k] - mean) * (moved[i * dim + k] - mean);
    }
    count += squared > limit;
  }
  return count;
}

} // namespace nflow::mcmc
