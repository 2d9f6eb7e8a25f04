#ifndef NFLOW_REFERENCE_MULTI_WELL_H
#define NFLOW_REFERENCE_MULTI_WELL_H

#include "reference/linear_algebra.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nflow::reference {

/// The mixture of double wells of Dibak, Klein and Noe:
///     U(x) = sum_i a_i y_i + b y_i^2 + c y_i^4,   y = A x
struct MultiWell {
  Matrix A;
  std::vector<double> a;
  double b = -4.0;
  double c = 1.0;

  int64_t dim() const { return A.size; }
  /// y = A x; both [dim].
  void to_wells(const double *x, double *y) const;
  double energy(const double *x) const;
  /// dU/dx [dim]
  void gradient(const double *x, double *gradient) const;
};

/// A = orthogonal x diagonal x orthogonal, both factors random, with condition number 2.5 and |det
/// A| = 1; a_i uniform in [-1, 1].
MultiWell random_multi_well(int64_t dim, uint32_t seed);

/// Reads A (dim rows of dim numbers) and a (dim numbers) from text files; '#' starts a comment.
/// Throws Error that names the file.
MultiWell read_multi_well(const std::string &matrix_file, const std::string &linear_file);

/// For the provenance of an energy file, and back.
nlohmann::json to_json(const MultiWell &system);
MultiWell multi_well_from_json(const nlohmann::json &json);

/// The rotated Wolfe-Quapp potential of the first two coordinates of the double well below.
double wolfe_quapp_energy(double x, double y);

/// The 64-dimensional double well of learned replica exchange: a rotated Wolfe-Quapp potential in
/// the first two coordinates, harmonic in the other 62.
double double_well64_energy(const double *x);

} // namespace nflow::reference

#endif
