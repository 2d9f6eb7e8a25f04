#ifndef NFLOW_ARRAYS_PAIR_FINDER_H
#define NFLOW_ARRAYS_PAIR_FINDER_H

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace nflow {

/// A pair of atoms nearer than the largest cutoff (that of their species is left to the visitor):
/// places in the finder's own order, d = x_a - x_b (minimum image) and r^2.
template <class T, int D>
struct Pair {
  int64_t a, b;
  std::array<T, D> d;
  T r2;
};

/// Finds the pairs of atoms nearer than a cutoff in an orthogonal periodic box of D dimensions
/// whose halves are not shorter than the cutoff. All pairs are tried in small systems; larger ones
/// are sorted into cells, O(N). Atoms are held in an order of its own (by cell):
/// original() leads back. Nothing is allocated after construction.
template <class T, int D>
class PairFinder {
 public:
  /// cutoffs [species, species]; box [D]; species [n] from 0 on.
  PairFinder(int64_t n, const T *box, const int64_t *species, int64_t species_count,
             const T *cutoffs)
      : n_(n), species_(n), original_(n), cell_of_(n) {
    const T largest = *std::max_element(cutoffs, cutoffs + species_count * species_count);
    largest2_ = largest * largest;
    int64_t cells = 1;
    bool large = n >= 200;
    for (int k = 0; k < D; k++) {
      box_[k] = box[k];
      cells_[k] = static_cast<int64_t>(box[k] / largest);
      large = large && cells_[k] >= 4;
      cells *= std::max<int64_t>(cells_[k], 1);
      x_[k].resize(n);
      near_d_[k].resize(n);
    }
    near_r2_.resize(n);
    near_b_.resize(n);
    std::iota(original_.begin(), original_.end(), 0);
    for (int64_t i = 0; i < n; i++) species_[i] = species[original_[i]];
    if (!large) return;
    given_species_.assign(species, species + n);
    first_.resize(cells + 1);
    filled_.resize(cells);
  }

  int64_t size() const { return n_; }
  /// The atom at place a, and its species.
  int64_t original(int64_t a) const { return original_[a]; }
  int64_t species(int64_t a) const { return species_[a]; }

  /// Takes the positions x [n, D], wrapped or not.
  void place(const T *x) {
    if (!first_.empty()) sort_into_cells(x);
    for (int64_t a = 0; a < n_; a++)
      for (int k = 0; k < D; k++) x_[k][a] = wrapped(x[original_[a] * D + k], k);
  }

  /// Calls visit(const Pair &) for each pair once.
  template <class Visit>
  void each_pair(Visit &&visit) {
    if (first_.empty()) {
      for (int64_t a = 0; a < n_; a++) row(a, a + 1, n_, visit);
      return;
    }
    each_cell([&](const Cell &cell, int64_t index) {
      const auto around = neighbours(cell, true);
      for (int64_t a = first_[index]; a < first_[index + 1]; a++) {
        row(a, a + 1, first_[index + 1], visit);
        for (const auto &range : around) row(a, range.begin, range.end, visit);
      }
    });
  }

  /// Calls visit(const Pair &) for each partner of each atom whose mask (by original number) is
  /// set, with that atom as a.
  template <class Visit>
  void each_partner(const bool *mask, Visit &&visit) {
    if (first_.empty()) {
      for (int64_t a = 0; a < n_; a++) {
        if (!mask[original_[a]]) continue;
        row(a, 0, a, visit);
        row(a, a + 1, n_, visit);
      }
      return;
    }
    each_cell([&](const Cell &cell, int64_t index) {
      const auto around = neighbours(cell, false);
      for (int64_t a = first_[index]; a < first_[index + 1]; a++) {
        if (!mask[original_[a]]) continue;
        row(a, first_[index], a, visit);
        row(a, a + 1, first_[index + 1], visit);
        for (const auto &range : around) row(a, range.begin, range.end, visit);
      }
    });
  }

 private:
  using Cell = std::array<int64_t, D>;
  struct Range {
    int64_t begin, end;
  };
  struct RangeList {
    std::array<Range, 27> ranges;
    int count = 0;
    const Range *begin() const { return ranges.data(); }
    const Range *end() const { return ranges.data() + count; }
  };

  T wrapped(T x, int k) const {
    const T w = x - box_[k] * std::floor(x / box_[k]);
    // Rounding can leave it at the far edge; NaN must find a cell too.
    return w < box_[k] ? w : T(0);
  }

  int64_t index_of(const Cell &cell) const {
    int64_t index = cell[0];
    for (int k = 1; k < D; k++) index = index * cells_[k] + cell[k];
    return index;
  }

  /// The places of the atoms in the cells around one, cells side by side as one range; `half`: of
  /// each two neighbours only one names the other.
  RangeList neighbours(const Cell &cell, bool half) const {
    RangeList list;
    const int count = D == 2 ? 9 : 27;
    for (int number = half ? count / 2 + 1 : 0; number < count; number++) {
      if (number == count / 2) continue; // itself
      Cell other = cell;
      for (int k = D - 1, rest = number; k >= 0; k--, rest /= 3)
        other[k] = (cell[k] + rest % 3 - 1 + cells_[k]) % cells_[k];
      const int64_t index = index_of(other);
      if (list.count > 0 && list.ranges[list.count - 1].end == first_[index])
        list.ranges[list.count - 1].end = first_[index + 1];
      else
        list.ranges[list.count++] = {first_[index], first_[index + 1]};
    }
    return list;
  }

  template <class Work>
  void each_cell(Work &&work) {
    Cell cell{};
    for (int64_t index = 0; index + 1 < static_cast<int64_t>(first_.size()); index++) {
      work(cell, index);
      for (int k = D - 1; k >= 0 && ++cell[k] == cells_[k]; k--) cell[k] = 0;
    }
  }

  /// Counting sort of the atoms by cell.
  void sort_into_cells(const T *x) {
    std::fill(first_.begin(), first_.end(), 0);
    for (int64_t i = 0; i < n_; i++) {
      Cell cell;
      for (int k = 0; k < D; k++)
        cell[k] = std::min(static_cast<int64_t>(wrapped(x[i * D + k], k) / box_[k] * cells_[k]),
                           cells_[k] - 1);
      cell_of_[i] = index_of(cell);
      first_[cell_of_[i] + 1]++;
    }
    for (size_t c = 1; c < first_.size(); c++) first_[c] += first_[c - 1];
    std::copy(first_.begin(), first_.end() - 1, filled_.begin());
    for (int64_t i = 0; i < n_; i++) {
      const int64_t a = filled_[cell_of_[i]]++;
      original_[a] = i;
      species_[a] = given_species_[i];
    }
  }

  /// The pairs of a with places [begin, end): distances first, in a loop that vectorises, then the
  /// near ones without branches.
  template <class Visit>
  void row(int64_t a, int64_t begin, int64_t end, Visit &&visit) {
    const int64_t count = end - begin;
    if (count <= 0) return;
    T *r2 = near_r2_.data();
    std::fill(r2, r2 + count, T(0));
    for (int k = 0; k < D; k++) {
      const T here = x_[k][a], length = box_[k], half = T(0.5) * box_[k];
      const T *there = x_[k].data() + begin;
      T *d = near_d_[k].data();
      for (int64_t i = 0; i < count; i++) {
        T difference = here - there[i];
        difference -= difference > half ? length : T(0);
        difference += difference < -half ? length : T(0);
        d[i] = difference;
        r2[i] += difference * difference;
      }
    }
    int32_t *b = near_b_.data();
    int64_t near = 0;
    for (int64_t i = 0; i < count; i++) {
      b[near] = static_cast<int32_t>(i);
      near += r2[i] < largest2_;
    }
    Pair<T, D> pair;
    pair.a = a;
    for (int64_t i = 0; i < near; i++) {
      pair.b = begin + b[i];
      for (int k = 0; k < D; k++) pair.d[k] = near_d_[k][b[i]];
      pair.r2 = r2[b[i]];
      visit(pair);
    }
  }

  int64_t n_;
  std::array<T, D> box_{};
  std::array<int64_t, D> cells_{};
  T largest2_ = 0;
  std::vector<int64_t> species_, original_, cell_of_;
  std::vector<int64_t> species_first_;                  // without cells: where each species begins
  std::vector<int64_t> first_, filled_, given_species_; // of cells, empty without them
  std::array<std::vector<T>, D> x_, near_d_;
  std::vector<T> near_r2_;
  std::vector<int32_t> near_b_;
};

} // namespace nflow

#endif
