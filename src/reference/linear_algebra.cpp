#include "reference/linear_algebra.h"

#include "base/error.h"

#include <cmath>
#include <utility>

namespace nflow::reference {

Matrix multiply(const Matrix &left, const Matrix &right) {
  Matrix product(left.size);
  for (int64_t i = 0; i < left.size; i++)
    for (int64_t k = 0; k < left.size; k++)
      for (int64_t j = 0; j < left.size; j++) product(i, j) += left(i, k) * right(k, j);
  return product;
}

Matrix transpose(const Matrix &matrix) {
  Matrix result(matrix.size);
  for (int64_t i = 0; i < matrix.size; i++)
    for (int64_t j = 0; j < matrix.size; j++) result(j, i) = matrix(i, j);
  return result;
}

Inverse invert(const Matrix &matrix) {
  const int64_t n = matrix.size;
  Matrix work = matrix;
  Inverse inverse{Matrix(n), 0.0};
  for (int64_t i = 0; i < n; i++) inverse.matrix(i, i) = 1.0;
  for (int64_t column = 0; column < n; column++) {
    int64_t pivot = column;
    for (int64_t i = column + 1; i < n; i++)
      if (std::abs(work(i, column)) > std::abs(work(pivot, column))) pivot = i;
    const double value = work(pivot, column);
    if (!(std::abs(value) > 1e-12))
      throw Error("the matrix A is singular: give one with linearly independent rows");
    inverse.log_abs_determinant += std::log(std::abs(value));
    for (int64_t j = 0; j < n; j++) {
      std::swap(work(pivot, j), work(column, j));
      std::swap(inverse.matrix(pivot, j), inverse.matrix(column, j));
      work(column, j) /= value;
      inverse.matrix(column, j) /= value;
    }
    for (int64_t i = 0; i < n; i++) {
      const double factor = work(i, column);
      if (i == column || factor == 0.0) continue;
      for (int64_t j = 0; j < n; j++) {
        work(i, j) -= factor * work(column, j);
        inverse.matrix(i, j) -= factor * inverse.matrix(column, j);
      }
    }
  }
  return inverse;
}

Matrix orthonormalise(Matrix matrix) {
  const int64_t n = matrix.size;
  for (int64_t i = 0; i < n; i++) {
    // Twice is enough for orthogonality to rounding.
    for (int pass = 0; pass < 2; pass++)
      for (int64_t k = 0; k < i; k++) {
        double overlap = 0.0;
        for (int64_t j = 0; j < n; j++) overlap += matrix(i, j) * matrix(k, j);
        for (int64_t j = 0; j < n; j++) matrix(i, j) -= overlap * matrix(k, j);
      }
    double norm = 0.0;
    for (int64_t j = 0; j < n; j++) norm += matrix(i, j) * matrix(i, j);
    for (int64_t j = 0; j < n; j++) matrix(i, j) /= std::sqrt(norm);
  }
  return matrix;
}

} // namespace nflow::reference
