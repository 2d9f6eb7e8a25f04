#ifndef NFLOW_REFERENCE_LINEAR_ALGEBRA_H
#define NFLOW_REFERENCE_LINEAR_ALGEBRA_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nflow::reference {

/// A small dense square matrix, row by row.
struct Matrix {
  int64_t size = 0;
  std::vector<double> values;

  explicit Matrix(int64_t size = 0) : size(size), values(static_cast<size_t>(size * size), 0.0) {}
  double &operator()(int64_t i, int64_t j) { return values[static_cast<size_t>(i * size + j)]; }
  double operator()(int64_t i, int64_t j) const {
    return values[static_cast<size_t>(i * size + j)];
  }
};

Matrix multiply(const Matrix &left, const Matrix &right);
Matrix transpose(const Matrix &matrix);

/// The inverse and ln|det| by Gauss-Jordan elimination with pivots. Throws Error for a singular
/// matrix.
struct Inverse {
  Matrix matrix;
  double log_abs_determinant = 0.0; // of the matrix that was inverted
};
Inverse invert(const Matrix &matrix);

/// The orthogonal factor of the QR decomposition of `matrix` (rows orthonormalised, in order): of
/// gaussian numbers it is uniform over the orthogonal group.
Matrix orthonormalise(Matrix matrix);

} // namespace nflow::reference

#endif
