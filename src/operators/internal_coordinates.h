#ifndef NFLOW_OPERATORS_INTERNAL_COORDINATES_H
#define NFLOW_OPERATORS_INTERNAL_COORDINATES_H

#include <cstdint>
#include <string>

namespace nflow::operators {

/// What is wrong with the rows [n, 4] of a tree, as a sentence; empty if nothing is.
std::string wrong_with_tree(const int64_t *rows, int64_t n);

/// Distances, angles and torsions of a molecule, and back (docs/flows.md, "Internal coordinates").
/// Row k of the tree is (atom, bond reference, angle reference, torsion reference), -1 for none;
/// z[3 k ..] are the coordinates of that atom, x[3 a ..] is the position of atom a. Log-dets are
/// NaN where a map is not defined. All of it takes O(n).
class InternalCoordinates {
 public:
  /// A tree with which nothing is wrong. Not copied.
  InternalCoordinates(const int64_t *rows, int64_t n) : rows_(rows), n_(n) {}

  /// x from z; returns ln|det dx/dz|.
  double place(const double *z, double *x) const;
  /// z from x; returns ln|det dz/dx|.
  double measure(const double *x, double *z) const;

  /// d loss / dz after place(), from d loss / dx (which is used up) and d loss / d log_det.
  void pull_back_place(const double *z, const double *x, double *by_x, double by_log_det,
                       double *by_z) const;
  /// d loss / dx after measure(), from d loss / dz (used up) and d loss / d log_det.
  void pull_back_measure(const double *z, const double *x, double *by_z, double by_log_det,
                         double *by_x) const;

 private:
  const int64_t *rows_;
  int64_t n_;
};

} // namespace nflow::operators

#endif
