#ifndef NFLOW_OPERATORS_TORSION_DENSITY_H
#define NFLOW_OPERATORS_TORSION_DENSITY_H

#include <cstdint>
#include <string>
#include <vector>

namespace nflow::operators {

/// A forest of m torsions on a circle of K bins, of which bin j has its middle at -pi + 2 pi j / K.
/// Where a bin ends the map of a torsion given this one is not continuous: so not at the round
/// angles that structures made by hand have.
struct TorsionForest {
  int64_t bins = 0;             // K
  std::vector<int64_t> parents; // of each torsion; -1: none
  std::vector<int64_t> cuts;    // the bin at whose beginning the circle of each is cut

  int64_t torsions() const { return static_cast<int64_t>(parents.size()); }
  /// Numbers of the table of torsion i: [K], or [K of the parent, K].
  int64_t table_size(int64_t i) const { return parents[i] < 0 ? bins : bins * bins; }
  int64_t size() const;
  bool operator==(const TorsionForest &o) const {
    return bins == o.bins && parents == o.parents && cuts == o.cuts;
  }
};

/// What is wrong with a forest, as a sentence; empty if nothing is.
std::string wrong_with(const TorsionForest &forest);

/// The torsions in an order in which parents come before their children; the shorter for a circle
/// of parents.
std::vector<int64_t> parents_first(const std::vector<int64_t> &parents);

/// The density of torsions
///     p(phi) = exp(-sum_i E_i(bin of phi_i | bin of phi_parent(i)) / kT) / Z(kT)
/// and the map from gaussians u ~ N(0, kT) to it by conditional quantiles, a torsion after its
/// parent (docs/theory.md). The map of a torsion does not change within a bin of its parent, so
/// that the Jacobian is diagonal.
class TorsionDensity {
 public:
  /// `energies`: the tables of the torsions in turn. `forest` is not wrong.
  TorsionDensity(TorsionForest forest, const double *energies, double kT);

  /// Whether it is that of these arguments, to the last bit.
  bool is_of(const TorsionForest &forest, const double *energies, double kT) const;
  /// phi [points, m] in (-pi, pi] from u [points, m], or with `inverse` u from phi, in any period;
  /// log_det [points]; d out / d in of each number and d log_det / d in in `derivatives`
  /// [points, 2, m], unless that is null. What is not finite becomes NaN.
  void map(int64_t points, const double *in, bool inverse, double *out, double *log_det,
           double *derivatives) const;

 private:
  /// Of the bins of a torsion, counted from its cut, given the bin of its parent: probability, its
  /// ln, and the sums of the probabilities of the first and of the last 0 .. K bins.
  struct Row {
    const double *probability, *log, *first, *last;
  };
  /// A place on the circle of a torsion: in this bin from the cut, with these parts of it before
  /// and behind.
  struct Place {
    int64_t bin;
    double before, behind;
  };
  struct Mapped {
    double u, phi, log_slope; // ln dphi/du
    int64_t bin;              // counted from -pi
  };

  int64_t row_size() const { return 4 * forest_.bins + 2; }
  Row row(int64_t torsion, int64_t parent_bin) const;
  void raise();
  /// ln of the sum of e^logs, and the row of these logs.
  double fill_row(const std::vector<double> &logs, int64_t cut, double *row) const;
  Place place_of_tail(const Row &row, double z) const;
  Place place_of_angle(int64_t torsion, double phi) const;
  double angle_of(int64_t torsion, const Place &place) const;
  Mapped from_latent(int64_t torsion, const Row &row, double u) const;
  Mapped from_angle(int64_t torsion, const Row &row, double phi) const;
  Mapped finished(int64_t torsion, const Row &row, const Place &place, double z) const;

  TorsionForest forest_;
  std::vector<double> energies_;
  double kT_;
  std::vector<int64_t> order_;
  std::vector<std::size_t> begins_; // of the rows of each torsion
  std::vector<double> rows_;
};

} // namespace nflow::operators

#endif
