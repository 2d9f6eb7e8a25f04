#ifndef NFLOW_ESTIMATORS_CHOLESKY_H
#define NFLOW_ESTIMATORS_CHOLESKY_H

#include <cmath>
#include <cstddef>
#include <vector>

namespace nflow::estimators {

using Matrix = std::vector<std::vector<double>>;

/// The lower factor L of a symmetric matrix A = L L^T; empty if A is not positive definite to
/// rounding.
inline Matrix cholesky(Matrix a) {
  const size_t n = a.size();
  for (size_t i = 0; i < n; i++) {
    const double diagonal = a[i][i];
    for (size_t j = 0; j <= i; j++) {
      double sum = a[i][j];
      for (size_t k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
      if (j < i)
        a[i][j] = sum / a[j][j];
      else if (!(sum > 1e-13 * diagonal))
        return {};
      else
        a[i][i] = std::sqrt(sum);
    }
  }
  return a;
}

/// The solution x of L L^T x = b.
inline std::vector<double> cholesky_solve(const Matrix &factor, std::vector<double> b) {
  const size_t n = factor.size();
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= factor[i][k] * b[k];
    b[i] /= factor[i][i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) b[i] -= factor[k][i] * b[k];
    b[i] /= factor[i][i];
  }
  return b;
}

} // namespace nflow::estimators

#endif
