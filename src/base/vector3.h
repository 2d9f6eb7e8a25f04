#ifndef NFLOW_BASE_VECTOR3_H
#define NFLOW_BASE_VECTOR3_H

#include <cmath>
#include <cstdint>

namespace nflow {

struct Vector3 {
  double x, y, z;
};

inline Vector3 operator+(const Vector3 &a, const Vector3 &b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vector3 operator-(const Vector3 &a, const Vector3 &b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vector3 operator*(double s, const Vector3 &a) {
  return {s * a.x, s * a.y, s * a.z};
}
inline Vector3 operator/(const Vector3 &a, double s) {
  return {a.x / s, a.y / s, a.z / s};
}
inline double dot(const Vector3 &a, const Vector3 &b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vector3 cross(const Vector3 &a, const Vector3 &b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double norm(const Vector3 &a) {
  return std::sqrt(dot(a, a));
}

/// Number i of the vectors at `numbers`.
inline Vector3 vector_at(const double *numbers, int64_t i) {
  return {numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]};
}
inline void set_at(double *numbers, int64_t i, const Vector3 &a) {
  numbers[3 * i] = a.x;
  numbers[3 * i + 1] = a.y;
  numbers[3 * i + 2] = a.z;
}
inline void add_at(double *numbers, int64_t i, const Vector3 &a) {
  set_at(numbers, i, vector_at(numbers, i) + a);
}

} // namespace nflow

#endif
