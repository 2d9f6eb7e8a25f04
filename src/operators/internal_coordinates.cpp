#include "operators/internal_coordinates.h"

#include "base/vector3.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace nflow::operators {

namespace {

constexpr double pi = 3.141592653589793;
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// A row of a tree.
struct Row {
  int64_t atom, bond, angle, torsion;
};
Row row_of(const int64_t *rows, int64_t k) {
  return {rows[4 * k], rows[4 * k + 1], rows[4 * k + 2], rows[4 * k + 3]};
}

/// Unit vectors of the spherical coordinates of the second atom about the first.
struct Laboratory {
  explicit Laboratory(const double *z) {
    const double sin_polar = std::sin(z[1]), cos_polar = std::cos(z[1]);
    const double sin_azimuth = std::sin(z[2]), cos_azimuth = std::cos(z[2]);
    radial = {sin_polar * cos_azimuth, sin_polar * sin_azimuth, cos_polar};
    polar = {cos_polar * cos_azimuth, cos_polar * sin_azimuth, -sin_polar};
    azimuthal = {-sin_azimuth, cos_azimuth, 0.0};
    sine = sin_polar;
  }
  Vector3 radial, polar, azimuthal;
  double sine;
};

/// What an atom of row 2 and after is placed by: `axis` from its bond reference to its angle
/// reference, `across` to the side of the torsion reference, and across x axis: the atom is at
/// r (cos theta axis + sin theta (cos phi across + sin phi side)).
struct Frame {
  Vector3 axis, side;
  double length; // between bond and angle reference
  double height; // of the torsion reference above the axis
  double along;  // of its foot from the bond reference
  Vector3 across() const { return cross(axis, side); }
};

Frame frame_of(const Row &row, const double *x) {
  const Vector3 b = vector_at(x, row.bond), c = vector_at(x, row.angle);
  const Vector3 v = vector_at(x, row.torsion) - b;
  Frame frame;
  frame.axis = c - b;
  frame.length = norm(frame.axis);
  frame.axis = frame.axis / frame.length;
  frame.along = dot(v, frame.axis);
  const Vector3 side = cross(v, frame.axis);
  frame.height = norm(side);
  frame.side = side / frame.height;
  return frame;
}

/// That of row 2, which has the laboratory in place of a torsion reference.
Frame frame_of(const Row &row, const Laboratory &laboratory, int64_t first) {
  Frame frame{};
  frame.axis = row.bond == first ? laboratory.radial : -1.0 * laboratory.radial;
  frame.side = cross(laboratory.polar, frame.axis);
  return frame;
}

bool is_regular(const double *z) {
  return z[0] > 0.0 && z[1] > 0.0 && z[1] < pi && std::isfinite(z[0]) && std::isfinite(z[2]);
}

/// ln of the volume of r^2 sin theta, NaN where it is none.
double log_volume(const double *z, double sine) {
  return is_regular(z) && sine > 0.0 ? std::log(z[0] * z[0] * sine) : undefined;
}

/// Directions in which the atom of a row goes with r, theta and phi, and r, sin theta and cot
/// theta.
struct Directions {
  Directions(const Frame &frame, const Vector3 &arm, const double *z) : r(z[0]) {
    radial = arm / r;
    const Vector3 normal = cross(frame.axis, radial);
    sine = norm(normal);
    if (!is_regular(z) && std::sin(z[1]) < 0.0) sine = -sine;
    torsional = (-1.0 / sine) * normal;
    angular = cross(radial, torsional);
    cotangent = dot(frame.axis, radial) / sine;
  }
  Vector3 radial, angular, torsional;
  double r, sine, cotangent;
};

/// A force on the atom of a row acts on its references, which carry the atom as a rigid body.
void hand_down(const Row &row, const Frame &frame, const Vector3 &force, const Vector3 &torque,
               double *by_x) {
  const double twist = dot(torque, frame.axis);
  const Vector3 lever = (twist / frame.height) * frame.side;
  const Vector3 bend = (1.0 / frame.length) * (cross(torque, frame.axis) + frame.along * lever);
  add_at(by_x, row.torsion, -1.0 * lever);
  add_at(by_x, row.angle, bend);
  add_at(by_x, row.bond, force + lever - bend);
}

/// The same of row 2, which turns with the direction of the second atom.
void hand_down(const Row &row, const Laboratory &laboratory, const Vector3 &force,
               const Vector3 &torque, double *by_x, double *by_second) {
  by_second[1] += dot(torque, laboratory.azimuthal);
  by_second[2] += torque.z;
  add_at(by_x, row.bond, force);
}

bool all_zero(const double *numbers, int64_t count) {
  return std::all_of(numbers, numbers + count, [](double number) { return number == 0.0; });
}

} // namespace

std::string wrong_with_tree(const int64_t *rows, int64_t n) {
  if (n < 3) return "a molecule must have three atoms at least";
  std::vector<bool> placed(n, false);
  const auto is_placed = [&](int64_t atom) { return atom >= 0 && atom < n && placed[atom]; };
  for (int64_t k = 0; k < n; k++) {
    const Row row = row_of(rows, k);
    const std::string name = "row " + std::to_string(k) + " of the tree ";
    if (row.atom < 0 || row.atom >= n)
      return name + "names atom " + std::to_string(row.atom) + ", of 0 to " + std::to_string(n - 1);
    if (placed[row.atom]) return name + "places atom " + std::to_string(row.atom) + " again";
    const int64_t references[] = {row.bond, row.angle, row.torsion};
    for (int64_t i = 0; i < 3; i++) {
      if (i >= k && references[i] != -1)
        return name + "must have -1 where there are not as many atoms before it";
      if (i < k && !is_placed(references[i]))
        return name + "has reference " + std::to_string(references[i]) +
               ", which no earlier row places";
      if (i < k && std::count(references, references + i, references[i]) > 0)
        return name + "has reference " + std::to_string(references[i]) + " twice";
    }
    placed[row.atom] = true;
  }
  return "";
}

double InternalCoordinates::place(const double *z, double *x) const {
  const int64_t first = rows_[0];
  const Laboratory laboratory(z + 3);
  set_at(x, first, vector_at(z, 0));
  set_at(x, rows_[4], vector_at(z, 0) + z[3] * laboratory.radial);
  double log_det = log_volume(z + 3, laboratory.sine);
  for (int64_t k = 2; k < n_; k++) {
    const Row row = row_of(rows_, k);
    const double *const own = z + 3 * k;
    const Frame frame = k == 2 ? frame_of(row, laboratory, first) : frame_of(row, x);
    const double sine = std::sin(own[1]);
    const Vector3 out = std::cos(own[2]) * frame.across() + std::sin(own[2]) * frame.side;
    set_at(x, row.atom,
           vector_at(x, row.bond) + own[0] * (std::cos(own[1]) * frame.axis + sine * out));
    log_det += log_volume(own, sine);
  }
  return log_det;
}

double InternalCoordinates::measure(const double *x, double *z) const {
  const int64_t first = rows_[0];
  const auto fill = [&](int64_t k, double r, double angle, double torsion) {
    z[3 * k] = r;
    z[3 * k + 1] = angle;
    z[3 * k + 2] = torsion == -pi ? pi : torsion;
  };
  set_at(z, 0, vector_at(x, first));
  const Vector3 arm = vector_at(x, rows_[4]) - vector_at(x, first);
  const double from_pole = std::hypot(arm.x, arm.y);
  fill(1, norm(arm), std::atan2(from_pole, arm.z), std::atan2(arm.y, arm.x));
  double log_det = -log_volume(z + 3, from_pole / z[3]);
  const Laboratory laboratory(z + 3);
  for (int64_t k = 2; k < n_; k++) {
    const Row row = row_of(rows_, k);
    const Frame frame = k == 2 ? frame_of(row, laboratory, first) : frame_of(row, x);
    const Vector3 to = vector_at(x, row.atom) - vector_at(x, row.bond);
    const double r = norm(to), off_axis = norm(cross(frame.axis, to));
    fill(k, r, std::atan2(off_axis, dot(to, frame.axis)),
         std::atan2(dot(to, frame.side), dot(to, frame.across())));
    log_det -= log_volume(z + 3 * k, off_axis / r);
  }
  return log_det;
}

void InternalCoordinates::pull_back_place(const double *z, const double *x, double *by_x,
                                          double by_log_det, double *by_z) const {
  std::fill_n(by_z, 3 * n_, 0.0);
  // A point that a loss leaves out, as one that is not defined, has no part in its gradient.
  if (by_log_det == 0.0 && all_zero(by_x, 3 * n_)) return;
  const int64_t first = rows_[0];
  const Laboratory laboratory(z + 3);
  for (int64_t k = n_ - 1; k >= 2; k--) {
    const Row row = row_of(rows_, k);
    const Frame frame = k == 2 ? frame_of(row, laboratory, first) : frame_of(row, x);
    const Vector3 arm = vector_at(x, row.atom) - vector_at(x, row.bond);
    const Vector3 force = vector_at(by_x, row.atom), torque = cross(arm, force);
    const Directions to(frame, arm, z + 3 * k);
    by_z[3 * k] = dot(force, to.radial) + 2.0 * by_log_det / to.r;
    by_z[3 * k + 1] = to.r * dot(force, to.angular) + by_log_det * to.cotangent;
    by_z[3 * k + 2] = -dot(torque, frame.axis);
    if (k == 2)
      hand_down(row, laboratory, force, torque, by_x, by_z + 3);
    else
      hand_down(row, frame, force, torque, by_x);
  }
  const Vector3 force = vector_at(by_x, rows_[4]);
  const double r = z[3];
  by_z[3] += dot(force, laboratory.radial) + 2.0 * by_log_det / r;
  by_z[4] += r * dot(force, laboratory.polar) + by_log_det * std::cos(z[4]) / laboratory.sine;
  by_z[5] += r * laboratory.sine * dot(force, laboratory.azimuthal);
  set_at(by_z, 0, vector_at(by_x, first) + force);
}

void InternalCoordinates::pull_back_measure(const double *z, const double *x, double *by_z,
                                            double by_log_det, double *by_x) const {
  std::fill_n(by_x, 3 * n_, 0.0);
  if (by_log_det == 0.0 && all_zero(by_z, 3 * n_)) return;
  const int64_t first = rows_[0];
  const Laboratory laboratory(z + 3);
  for (int64_t k = n_ - 1; k >= 2; k--) {
    const Row row = row_of(rows_, k);
    const Frame frame = k == 2 ? frame_of(row, laboratory, first) : frame_of(row, x);
    const Vector3 arm = vector_at(x, row.atom) - vector_at(x, row.bond);
    const Directions to(frame, arm, z + 3 * k);
    const Vector3 force = (by_z[3 * k] - 2.0 * by_log_det / to.r) * to.radial +
                          ((by_z[3 * k + 1] - by_log_det * to.cotangent) / to.r) * to.angular +
                          (by_z[3 * k + 2] / (to.r * to.sine)) * to.torsional;
    add_at(by_x, row.atom, force);
    // What moves the references moves the atom's frame against the atom.
    const Vector3 against = -1.0 * force, torque = cross(arm, against);
    if (k == 2)
      hand_down(row, laboratory, against, torque, by_x, by_z + 3);
    else
      hand_down(row, frame, against, torque, by_x);
  }
  const double r = z[3], sine = laboratory.sine;
  const Vector3 force = (by_z[3] - 2.0 * by_log_det / r) * laboratory.radial +
                        ((by_z[4] - by_log_det * std::cos(z[4]) / sine) / r) * laboratory.polar +
                        (by_z[5] / (r * sine)) * laboratory.azimuthal;
  add_at(by_x, rows_[4], force);
  add_at(by_x, first, vector_at(by_z, 0) - force);
}

} // namespace nflow::operators
