#include "arrays/periodic_box.h"

#include "arrays/host_exec.h"
#include "arrays/kernels.h"
#include "arrays/pair_finder.h"

#include <algorithm>
#include <numeric>

namespace nflow {

void nearest_atoms(const PeriodicBox &box, const double *centre, const double *x, int64_t n,
                   int64_t count, uint8_t *mask) {
  const kernels::Box places(box);
  std::vector<double> distances(n);
  for (int64_t i = 0; i < n; i++) distances[i] = places.squared_distance(centre, x + i * box.dim);
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::nth_element(order.begin(), order.begin() + (count - 1), order.end(),
                   [&](int64_t a, int64_t b) {
                     return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                   });
  std::fill(mask, mask + n, uint8_t(0));
  for (int64_t i = 0; i < count; i++) mask[order[i]] = 1;
}

namespace {

/// Whether PairFinder can be used, and is worth its memory: it wants halves of a periodic box that
/// no neighbour is beyond.
bool has_finder(const PeriodicBox &box, double reach, int64_t n) {
  const auto is_long = [&](double length) { return length >= 2.0 * reach; };
  return n >= 32 && (box.dim == 2 || box.dim == 3) && box.periodic() &&
         std::all_of(box.lengths.begin(), box.lengths.end(), is_long);
}

/// count_rearranged() with a PairFinder, for D = box.dim.
template <int D>
int64_t count_by_pairs(const kernels::Rearranged &atoms, const PeriodicBox &box, double reach) {
  const std::vector<int64_t> species(atoms.n, 0);
  PairFinder<double, D> finder(atoms.n, box.lengths.data(), species.data(), 1, &reach);
  finder.place(atoms.x);
  std::vector<kernels::Rearranged::Neighbours> around(atoms.n);
  finder.each_pair([&](const Pair<double, D> &pair) {
    const int64_t i = finder.original(pair.a), j = finder.original(pair.b);
    atoms.add(j, around[i]);
    atoms.add(i, around[j]);
  });
  int64_t count = 0;
  for (int64_t i = 0; i < atoms.n; i++) count += atoms.is_rearranged(i, around[i]);
  return count;
}

} // namespace

int64_t count_rearranged(const PeriodicBox &box, const Rearrangement &criterion, const double *x,
                         const double *x_new, int64_t n) {
  const kernels::Rearranged atoms(box, criterion, x, x_new, n);
  if (!has_finder(box, criterion.neighbours, n))
    return static_cast<int64_t>(HostExec::sum(n, atoms));
  return box.dim == 2 ? count_by_pairs<2>(atoms, box, criterion.neighbours)
                      : count_by_pairs<3>(atoms, box, criterion.neighbours);
}

} // namespace nflow
