#include "architectures/torsion_fit.h"

#include "base/error.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace nflow {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int64_t folds = 5; // stretches of samples, each held out in turn
constexpr int64_t least_samples = 100;
const std::vector<double> usual_widths{0.0, 0.035, 0.07, 0.12, 0.19, 0.28, 0.42};

using Table = std::vector<double>;

Table sum_of(const std::array<Table, folds> &parts, int64_t but = -1) {
  Table sum(parts[0].size(), 0.0);
  for (int64_t f = 0; f < folds; f++)
    for (size_t i = 0; f != but && i < sum.size(); i++) sum[i] += parts[f][i];
  return sum;
}

/// Gaussian weights of bins at distance 0, 1, ..
std::vector<double> smoothing_weights(double width, int64_t bins) {
  const double bin = 2.0 * pi / static_cast<double>(bins);
  const int64_t reach = std::min<int64_t>(std::ceil(4.0 * width / bin), bins / 2);
  std::vector<double> weights{1.0};
  double sum = 1.0;
  for (int64_t r = 1; r <= reach; r++) {
    const double distance = static_cast<double>(r) * bin / width;
    weights.push_back(std::exp(-0.5 * distance * distance));
    sum += 2.0 * weights.back();
  }
  for (double &weight : weights) weight /= sum;
  return weights;
}

/// Each row of `table` [.., K] smoothed around the circle, and the table transposed: twice does it
/// for both of the indices of [K, K].
Table smoothed_and_turned(const Table &table, int64_t bins, const std::vector<double> &weights) {
  const int64_t rows = static_cast<int64_t>(table.size()) / bins;
  const auto reach = static_cast<int64_t>(weights.size()) - 1;
  Table turned(table.size());
  std::vector<double> around(bins + 2 * reach);
  for (int64_t a = 0; a < rows; a++) {
    for (int64_t i = 0; i < bins + 2 * reach; i++)
      around[i] = table[a * bins + (i - reach + bins) % bins];
    for (int64_t b = 0; b < bins; b++) {
      double sum = weights[0] * around[b + reach];
      for (int64_t r = 1; r <= reach; r++)
        sum += weights[r] * (around[b + reach - r] + around[b + reach + r]);
      turned[b * rows + a] = sum;
    }
  }
  return turned;
}

/// Probabilities of counts [K] or [K, K].
Table density(const Table &counts, int64_t bins, double width, double floor) {
  const auto weights = smoothing_weights(width, bins);
  Table p = smoothed_and_turned(counts, bins, weights);
  if (static_cast<int64_t>(counts.size()) > bins) p = smoothed_and_turned(p, bins, weights);
  const double all = std::accumulate(p.begin(), p.end(), 0.0);
  for (double &value : p)
    value = (1.0 - floor) * value / all + floor / static_cast<double>(p.size());
  return p;
}

/// Counts of stretches of samples, the width that suits them, and with it the mean log-likelihood
/// of each when it was held out.
class Histogram {
 public:
  Histogram(std::array<Table, folds> counts, const TorsionFit &fit)
      : counts_(std::move(counts)), fit_(fit) {
    std::vector<double> widths = usual_widths;
    if (fit.width >= 0.0) widths = {fit.width};
    for (const double width : widths) {
      const auto values = held_out(width);
      if (width == widths[0] || sum(values) > sum(held_out_)) {
        held_out_ = values;
        width_ = width;
      }
    }
  }
  const std::array<double, folds> &held_out() const { return held_out_; }
  double width() const { return width_; }
  Table density() const { return nflow::density(sum_of(counts_), fit_.bins, width_, fit_.floor); }

 private:
  static double sum(const std::array<double, folds> &values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
  }
  std::array<double, folds> held_out(double width) const {
    std::array<double, folds> values{};
    for (int64_t f = 0; f < folds; f++) {
      const Table p = nflow::density(sum_of(counts_, f), fit_.bins, width, fit_.floor);
      double count = 0.0;
      for (size_t i = 0; i < p.size(); i++) {
        if (counts_[f][i] == 0.0) continue;
        values[f] += counts_[f][i] * std::log(p[i]);
        count += counts_[f][i];
      }
      values[f] /= count;
    }
    return values;
  }

  std::array<Table, folds> counts_;
  const TorsionFit &fit_;
  std::array<double, folds> held_out_{};
  double width_ = 0.0;
};

struct Edge {
  int64_t a, b; // a < b
  double gain;  // of log-likelihood a sample
  double width; // of the joint density
};

class Fitter {
 public:
  Fitter(const std::vector<double> &angles, int64_t torsions, const TorsionFit &fit)
      : m_(torsions), count_(static_cast<int64_t>(angles.size()) / torsions), fit_(fit),
        bin_(angles.size()) {
    const auto bins = static_cast<double>(fit.bins);
    for (size_t i = 0; i < angles.size(); i++) {
      const double turns = angles[i] / (2.0 * pi) + 0.5 + 0.5 / bins;
      bin_[i] = std::min(static_cast<int64_t>((turns - std::floor(turns)) * bins), fit.bins - 1);
    }
    for (int64_t i = 0; i < m_; i++) single_.emplace_back(counts(i), fit_);
  }

  TorsionTables tables(double kT) {
    TorsionTables result;
    result.forest.bins = fit_.bins;
    for (int64_t i = 0; i < m_; i++) result.forest.cuts.push_back(cut(single_[i].density()));
    const auto edges = spanning_forest(worthy_edges());
    result.forest.parents = orient(edges);
    for (int64_t i = 0; i < m_; i++) {
      for (const double p : table(i, result.forest.parents[i], edges))
        result.energies.push_back(-kT * std::log(p));
    }
    return result;
  }

 private:
  int64_t symmetry(int64_t i) const { return fit_.symmetry.empty() ? 1 : fit_.symmetry[i]; }
  int64_t fold(int64_t sample) const { return sample * folds / count_; }

  /// Of one torsion, in all the places that its symmetry gives a sample.
  std::array<Table, folds> counts(int64_t i) const {
    std::array<Table, folds> all;
    all.fill(Table(fit_.bins, 0.0));
    const int64_t n = symmetry(i), shift = fit_.bins / n;
    for (int64_t s = 0; s < count_; s++)
      for (int64_t k = 0; k < n; k++)
        all[fold(s)][(bin_[s * m_ + i] + k * shift) % fit_.bins] += 1.0 / static_cast<double>(n);
    return all;
  }
  std::array<Table, folds> counts(int64_t a, int64_t b) const {
    std::array<Table, folds> all;
    all.fill(Table(fit_.bins * fit_.bins, 0.0));
    for (int64_t s = 0; s < count_; s++)
      all[fold(s)][bin_[s * m_ + a] * fit_.bins + bin_[s * m_ + b]] += 1.0;
    return all;
  }

  /// The beginning of the bin that is emptiest together with the one before it.
  static int64_t cut(const Table &p) {
    const auto bins = static_cast<int64_t>(p.size());
    const auto around = [&](int64_t j) { return p[j] + p[(j + bins - 1) % bins]; };
    int64_t best = 0;
    for (int64_t j = 1; j < bins; j++)
      if (around(j) < around(best)) best = j;
    return best;
  }

  /// Pairs whose joint density says more of samples that it has not seen than two densities do.
  std::vector<Edge> worthy_edges() const {
    std::vector<Edge> edges;
    for (int64_t a = 0; a < m_; a++)
      for (int64_t b = a + 1; b < m_; b++) {
        if (symmetry(a) > 1 || symmetry(b) > 1) continue;
        const Histogram joint(counts(a, b), fit_);
        double mean = 0.0, square = 0.0;
        for (int64_t f = 0; f < folds; f++) {
          const double gain =
              joint.held_out()[f] - single_[a].held_out()[f] - single_[b].held_out()[f];
          mean += gain / folds;
          square += gain * gain / folds;
        }
        const double error = std::sqrt(std::max(square - mean * mean, 0.0) / (folds - 1));
        if (mean > 2.0 * error) edges.push_back({a, b, mean, joint.width()});
      }
    return edges;
  }

  /// Kruskal: of the largest sum of gains (Chow and Liu).
  std::vector<Edge> spanning_forest(std::vector<Edge> edges) const {
    std::stable_sort(edges.begin(), edges.end(),
                     [](const Edge &x, const Edge &y) { return x.gain > y.gain; });
    std::vector<int64_t> tree(m_);
    std::iota(tree.begin(), tree.end(), 0);
    std::vector<Edge> taken;
    for (auto &edge : edges) {
      const int64_t of_a = tree[edge.a], of_b = tree[edge.b];
      if (of_a == of_b) continue;
      std::replace(tree.begin(), tree.end(), of_b, of_a);
      taken.push_back(std::move(edge));
    }
    return taken;
  }

  /// Parents; the first torsion of each tree is its root.
  std::vector<int64_t> orient(const std::vector<Edge> &edges) const {
    std::vector<int64_t> parents(m_, -2); // not reached yet
    for (int64_t root = 0; root < m_; root++) {
      if (parents[root] != -2) continue;
      parents[root] = -1;
      std::vector<int64_t> reached{root};
      for (size_t at = 0; at < reached.size(); at++)
        for (const auto &edge : edges) {
          const int64_t here = reached[at];
          if (edge.a != here && edge.b != here) continue;
          const int64_t there = edge.a == here ? edge.b : edge.a;
          if (parents[there] != -2) continue;
          parents[there] = here;
          reached.push_back(there);
        }
    }
    return parents;
  }

  /// Probabilities of the bins, or of those given the bin of the parent.
  Table table(int64_t i, int64_t parent, const std::vector<Edge> &edges) const {
    if (parent < 0) return single_[i].density();
    const auto edge = std::find_if(edges.begin(), edges.end(), [&](const Edge &e) {
      return std::minmax(i, parent) == std::minmax(e.a, e.b);
    });
    const int64_t bins = fit_.bins;
    const Table joint = density(sum_of(counts(edge->a, edge->b)), bins, edge->width, fit_.floor);
    Table given(bins * bins);
    for (int64_t a = 0; a < bins; a++) {
      double sum = 0.0;
      for (int64_t b = 0; b < bins; b++)
        sum += given[a * bins + b] = joint[parent < i ? a * bins + b : b * bins + a];
      for (int64_t b = 0; b < bins; b++) given[a * bins + b] /= sum;
    }
    return given;
  }

  const int64_t m_, count_;
  const TorsionFit &fit_;
  std::vector<int64_t> bin_; // [N, m]
  std::vector<Histogram> single_;
};

void check(const std::vector<double> &angles, int64_t torsions, double kT, const TorsionFit &fit) {
  operators::TorsionForest forest;
  forest.bins = fit.bins;
  const std::string wrong = operators::wrong_with(forest);
  require(wrong.empty(),
          "a density of torsions cannot have " + std::to_string(fit.bins) + " bins: " + wrong);
  require(std::isfinite(kT) && kT > 0.0,
          "a density of torsions needs the k_B T of its samples: give a positive one");
  require(fit.floor > 0.0 && fit.floor < 1.0,
          "the uniform share of a density of torsions is above 0 and below 1: give such a floor");
  require(fit.width <= pi,
          "a width of " + number(fit.width) +
              " radians leaves nothing of a density of torsions: give one up to pi");
  require(fit.symmetry.empty() || static_cast<int64_t>(fit.symmetry.size()) == torsions,
          "there are " + std::to_string(torsions) + " torsions and " +
              std::to_string(fit.symmetry.size()) + " symmetry numbers: give one for each");
  for (const int64_t n : fit.symmetry)
    require(n >= 1 && fit.bins % n == 0,
            "a torsion of symmetry " + std::to_string(n) +
                " has no whole number of bins: give a multiple of that for the " +
                std::to_string(fit.bins) + " bins");
  if (torsions == 0) return;
  require(angles.size() % torsions == 0 &&
              static_cast<int64_t>(angles.size()) / torsions >= least_samples,
          "a density of torsions cannot be made of " + std::to_string(angles.size() / torsions) +
              " samples: give " + std::to_string(least_samples) + " or more");
  require(std::all_of(angles.begin(), angles.end(), [](double x) { return std::isfinite(x); }),
          "a torsion of the samples is NaN or infinite: see whether atoms of them coincide or are "
          "in a line");
}

} // namespace

TorsionTables fit_torsions(const std::vector<double> &angles, int64_t torsions, double kT,
                           const TorsionFit &fit) {
  require(torsions >= 0,
          "there cannot be " + std::to_string(torsions) + " torsions: give their number");
  check(angles, torsions, kT, fit);
  if (torsions == 0) return {{fit.bins, {}, {}}, {}};
  return Fitter(angles, torsions, fit).tables(kT);
}

} // namespace nflow
