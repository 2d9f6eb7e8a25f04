#include "base/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nflow {

namespace {

constexpr double degrees = 180.0 / 3.14159265358979323846;
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double least_sine = 1e-12; // below it the direction across is made of roundings

/// Of length 1, whatever the size of the components; NaN for no direction.
Vector3 unit(const Vector3 &a) {
  const double size = std::max({std::fabs(a.x), std::fabs(a.y), std::fabs(a.z)});
  const Vector3 scaled = a / size;
  return scaled / norm(scaled);
}

double angle(const Vector3 &first, const Vector3 &second) {
  const Vector3 back = -1.0 * unit(first), on = unit(second);
  return std::atan2(norm(cross(back, on)), dot(back, on)) * degrees;
}

double dihedral(const Vector3 &first, const Vector3 &middle, const Vector3 &last) {
  const Vector3 a = unit(first), b = unit(middle), c = unit(last);
  const Vector3 near_plane = cross(a, b), far_plane = cross(b, c);
  if (!(std::min(norm(near_plane), norm(far_plane)) > least_sine)) return undefined;
  const double result = std::atan2(dot(a, far_plane), dot(near_plane, far_plane)) * degrees;
  return result == -180.0 ? 180.0 : result;
}

} // namespace

double chain_coordinate(const Vector3 *steps, int atoms) {
  if (atoms == 2) return norm(steps[0]);
  if (atoms == 3) return angle(steps[0], steps[1]);
  return dihedral(steps[0], steps[1], steps[2]);
}

} // namespace nflow
