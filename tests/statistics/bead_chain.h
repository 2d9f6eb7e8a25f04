#ifndef NFLOW_TESTS_BEAD_CHAIN_H
#define NFLOW_TESTS_BEAD_CHAIN_H

#include "base/random.h"
#include "flow/flow.h"
#include "flow/target.h"

#include <array>
#include <cmath>
#include <vector>

namespace nflow::tests {

using Vector = std::array<double, 3>;

inline Vector operator+(const Vector &a, const Vector &b) {
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}
inline Vector operator-(const Vector &a, const Vector &b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
inline Vector operator*(double s, const Vector &a) {
  return {s * a[0], s * a[1], s * a[2]};
}
inline double dot(const Vector &a, const Vector &b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
inline Vector cross(const Vector &a, const Vector &b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
inline double length(const Vector &a) {
  return std::sqrt(dot(a, a));
}

/// Four beads in space, held by three bonds, two angles and a torsion, in a field that pulls at the
/// first bond by as much as the torsion says: what the orientation does depends on the shape, and
/// the other way round. Every average is a product of one- and two-dimensional integrals.
struct BeadChain {
  static constexpr int64_t n = 4, size = 3 * n;
  static constexpr double bond = 40.0, angle = 20.0, rest_angle = 1.9, tether = 1.0, field = 1.5;

  /// Where the chain is: position of the first bead, direction of the first bond (polar and
  /// azimuth) and the turn about it; and its shape: bonds, angles, torsion.
  struct Internal {
    Vector position;
    double polar, azimuth, turn;
    std::array<double, 3> r;
    std::array<double, 2> theta;
    double phi;
  };

  static double torsion_energy(double phi) {
    return 1.2 * (1.0 + std::cos(3.0 * phi)) + 0.5 * std::cos(phi - 0.7);
  }
  static double energy(const Internal &q) {
    double sum = torsion_energy(q.phi) - field * std::cos(q.polar) * std::cos(q.phi) +
                 0.5 * tether * dot(q.position, q.position);
    for (const double r : q.r) sum += 0.5 * bond * (r - 1.0) * (r - 1.0);
    for (const double theta : q.theta)
      sum += 0.5 * angle * (theta - rest_angle) * (theta - rest_angle);
    return sum;
  }
  static double energy(const double *x) { return energy(internal(x)); }

  static Internal internal(const double *x) {
    Vector p[n];
    for (int64_t i = 0; i < n; i++) p[i] = {x[3 * i], x[3 * i + 1], x[3 * i + 2]};
    const Vector a = p[1] - p[0], b = p[2] - p[1], c = p[3] - p[2];
    const auto between = [](const Vector &u, const Vector &v) {
      return std::atan2(length(cross(u, v)), dot(u, v));
    };
    Internal q{p[0], 0, 0, 0, {length(a), length(b), length(c)}, {}, 0};
    q.polar = std::atan2(std::hypot(a[0], a[1]), a[2]);
    q.azimuth = std::atan2(a[1], a[0]);
    const auto [e1, e2] = frame(q.polar, q.azimuth);
    q.turn = std::atan2(dot(b, e2), dot(b, e1));
    q.theta = {between(-1.0 * a, b), between(-1.0 * b, c)};
    const Vector m = cross(a, b), k = cross(b, c);
    q.phi = std::atan2(length(b) * dot(a, k), dot(m, k));
    return q;
  }
  static void cartesian(const Internal &q, double *x) {
    const auto [e1, e2] = frame(q.polar, q.azimuth);
    const Vector axis{std::sin(q.polar) * std::cos(q.azimuth),
                      std::sin(q.polar) * std::sin(q.azimuth), std::cos(q.polar)};
    const Vector across = std::cos(q.turn) * e1 + std::sin(q.turn) * e2;
    Vector p[n] = {q.position, q.position + q.r[0] * axis};
    const Vector second = -std::cos(q.theta[0]) * axis + std::sin(q.theta[0]) * across;
    p[2] = p[1] + q.r[1] * second;
    const Vector m = cross(axis, second), normal = (1.0 / length(m)) * m;
    const Vector in_plane = cross(normal, second);
    const Vector across_second = std::cos(q.phi) * in_plane + std::sin(q.phi) * normal;
    const Vector third = -std::cos(q.theta[1]) * second + std::sin(q.theta[1]) * across_second;
    p[3] = p[2] + q.r[2] * third;
    for (int64_t i = 0; i < n; i++)
      for (int64_t k = 0; k < 3; k++) x[3 * i + k] = p[i][k];
  }
  /// ln|det dx/dq|.
  static double log_volume(const Internal &q) {
    double sum = std::log(std::sin(q.polar));
    for (const double r : q.r) sum += 2.0 * std::log(r);
    for (const double theta : q.theta) sum += std::log(std::sin(theta));
    return sum;
  }

  static std::vector<double> observables(const Internal &q, double energy) {
    return {q.r[0],
            q.r[1] * q.r[1],
            q.r[2],
            std::cos(q.theta[0]),
            std::cos(q.theta[1]),
            std::cos(q.phi),
            std::sin(q.phi),
            std::cos(3.0 * q.phi),
            std::cos(q.polar),
            std::cos(q.polar) * std::cos(q.phi),
            std::cos(q.polar) * std::sin(q.phi),
            energy};
  }
  /// Their averages at k_B T = tau; at this place only, if one is given.
  static std::vector<double> exact(double tau, const Internal *place = nullptr) {
    const auto average = [](double low, double high, auto weight, auto value) {
      constexpr int points = 4000;
      double sum = 0.0, z = 0.0;
      for (int i = 0; i < points; i++) {
        const double at = low + (high - low) * (i + 0.5) / points, w = weight(at);
        z += w;
        sum += w * value(at);
      }
      return sum / z;
    };
    const auto stretched = [&](auto value) {
      return average(
          0.0, 3.0,
          [&](double r) { return r * r * std::exp(-0.5 * bond * (r - 1) * (r - 1) / tau); }, value);
    };
    const auto bent = [&](auto value) {
      return average(
          0.0, M_PI,
          [&](double t) {
            return std::sin(t) * std::exp(-0.5 * angle * (t - rest_angle) * (t - rest_angle) / tau);
          },
          value);
    };
    constexpr int points = 400;
    std::vector<double> turned(7, 0.0);
    double z = 0.0;
    for (int i = 0; i < points; i++) // in the cosine, whose measure is flat
      for (int j = 0; j < points; j++) {
        const double c = place ? std::cos(place->polar) : -1.0 + 2.0 * (i + 0.5) / points;
        const double phi = 2.0 * M_PI * (j + 0.5) / points;
        const double u = torsion_energy(phi) - field * c * std::cos(phi), w = std::exp(-u / tau);
        const double values[] = {std::cos(phi),
                                 std::sin(phi),
                                 std::cos(3.0 * phi),
                                 c,
                                 c * std::cos(phi),
                                 c * std::sin(phi),
                                 u};
        for (size_t k = 0; k < turned.size(); k++) turned[k] += w * values[k];
        z += w;
      }
    for (auto &value : turned) value /= z;
    const auto r = [](double v) { return v; };
    const double u_bond = stretched([](double v) { return 0.5 * bond * (v - 1) * (v - 1); });
    const double u_angle =
        bent([](double v) { return 0.5 * angle * (v - rest_angle) * (v - rest_angle); });
    std::vector<double> all{stretched(r), stretched([](double v) { return v * v; }), stretched(r)};
    for (int i = 0; i < 2; i++) all.push_back(bent([](double v) { return std::cos(v); }));
    all.insert(all.end(), turned.begin(), turned.end());
    const double u_tether = place ? 0.5 * tether * dot(place->position, place->position)
                                  : 1.5 * tau; // of three harmonic degrees of freedom
    all.back() += 3.0 * u_bond + 2.0 * u_angle + u_tether;
    return all;
  }

 private:
  /// Two directions across that of the angles.
  static std::pair<Vector, Vector> frame(double polar, double azimuth) {
    return {{std::cos(polar) * std::cos(azimuth), std::cos(polar) * std::sin(azimuth),
             -std::sin(polar)},
            {-std::sin(azimuth), std::cos(azimuth), 0.0}};
  }
};

class BeadChainTarget : public Target {
 public:
  double energy(const double *x) override { return BeadChain::energy(x); }
};

/// The shape from six gaussians, the place carried. Bonds and angles as `stiffness` times the right
/// ones have them; the torsion goes round the circle, by a density that does not know the energy.
/// With auxiliary momenta these shift the gaussians before that.
class BeadChainFlow : public Flow {
 public:
  static constexpr int64_t carried = 6;

  BeadChainFlow(bool auxiliary, double stiffness) : auxiliary_(auxiliary), stiffness_(stiffness) {}

  int64_t size() const { return (auxiliary_ ? 2 : 1) * BeadChain::size; }

  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    for (int64_t b = 0; b < batch; b++, u += size(), v += size()) {
      std::array<double, 6> e;
      for (int i = 0; i < 6; i++) e[i] = u[carried + i] + (auxiliary_ ? shift(u + 18, i) : 0.0);
      BeadChain::Internal q{{u[0], u[1], u[2]}, u[3], u[4], u[5], {}, {}, 0.0};
      const double width = std::sqrt(tau.prior);
      for (int i = 0; i < 3; i++) q.r[i] = 1.0 + e[i] / std::sqrt(stiffness_ * BeadChain::bond);
      for (int i = 0; i < 2; i++)
        q.theta[i] = BeadChain::rest_angle + e[3 + i] / std::sqrt(stiffness_ * BeadChain::angle);
      q.phi = M_PI * std::erf(e[5] / (std::sqrt(2.0) * width));
      BeadChain::cartesian(q, v);
      log_det[b] = BeadChain::log_volume(q) + log_shape(e[5], width);
      for (int64_t i = BeadChain::size; i < size(); i++) v[i] = u[i];
    }
  }
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override {
    for (int64_t b = 0; b < batch; b++, u += size(), v += size()) {
      const auto q = BeadChain::internal(v);
      const double width = std::sqrt(tau.prior);
      std::array<double, 6> e;
      for (int i = 0; i < 3; i++) e[i] = (q.r[i] - 1.0) * std::sqrt(stiffness_ * BeadChain::bond);
      for (int i = 0; i < 2; i++)
        e[3 + i] = (q.theta[i] - BeadChain::rest_angle) * std::sqrt(stiffness_ * BeadChain::angle);
      e[5] = width * inverse_erf(q.phi / M_PI) * std::sqrt(2.0);
      for (int64_t i = BeadChain::size; i < size(); i++) u[i] = v[i];
      const double place[] = {q.position[0], q.position[1], q.position[2],
                              q.polar,       q.azimuth,     q.turn};
      for (int i = 0; i < 6; i++) {
        u[i] = place[i];
        u[carried + i] = e[i] - (auxiliary_ ? shift(v + 18, i) : 0.0);
      }
      log_det[b] = -BeadChain::log_volume(q) - log_shape(e[5], width);
    }
  }

 private:
  static double shift(const double *p, int i) { return 0.2 * std::sin(p[i]); }
  /// ln|det d shape / d gaussians|.
  double log_shape(double e, double width) const {
    return -1.5 * std::log(stiffness_ * BeadChain::bond) - std::log(stiffness_ * BeadChain::angle) +
           std::log(std::sqrt(2.0 * M_PI) / width) - 0.5 * e * e / (width * width);
  }
  static double inverse_erf(double y) {
    double x = 0.0;
    for (int i = 0; i < 100; i++) { // Newton's method on a function that is steepest at zero
      const double step = (std::erf(x) - y) * 0.5 * std::sqrt(M_PI) * std::exp(x * x);
      x -= std::fmax(-0.5, std::fmin(0.5, step));
      if (std::fabs(step) < 1e-15 * (1.0 + std::fabs(x))) break;
    }
    return x;
  }

  bool auxiliary_;
  double stiffness_;
};

} // namespace nflow::tests

#endif
