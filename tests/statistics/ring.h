#ifndef NFLOW_TESTS_RING_H
#define NFLOW_TESTS_RING_H

#include "base/random.h"
#include "estimators/autocorrelation.h"
#include "flow/flow.h"
#include "flow/target.h"
#include "mcmc/space.h"

#include <cmath>
#include <vector>

namespace nflow::tests {

/// Four atoms on a ring of length 4 that repel each other pair by pair, by different strengths:
/// every average is a three-dimensional sum over relative places, exact to rounding.
struct Ring {
  static constexpr int64_t n = 4;
  static constexpr double length = 4.0, wave = 2.0 * M_PI / length, width = 3.0;
  static double strength(int64_t i, int64_t j) { return 1.0 + 0.5 * static_cast<double>(i + j); }

  static double energy(const double *x) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < i; j++)
        sum += strength(i, j) * std::exp(width * (std::cos(wave * (x[i] - x[j])) - 1.0));
    return sum;
  }
  static void forces(const double *x, double *f) {
    for (int64_t i = 0; i < n; i++) f[i] = 0.0;
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        if (i == j) continue;
        const double angle = wave * (x[i] - x[j]);
        f[i] += strength(i, j) * width * wave * std::sin(angle) *
                std::exp(width * (std::cos(angle) - 1.0));
      }
  }

  /// Energy, its square, and two waves of every distance.
  static std::vector<double> observables(const double *x) {
    const double u = energy(x);
    std::vector<double> values{u, u * u};
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < i; j++)
        for (const int k : {1, 2}) values.push_back(std::cos(k * wave * (x[i] - x[j])));
    return values;
  }
  static std::vector<double> exact(double tau) {
    constexpr int points = 40;
    std::vector<double> sums(observables(std::vector<double>(n, 0.0).data()).size(), 0.0);
    double z = 0.0;
    for (int a = 0; a < points; a++)
      for (int b = 0; b < points; b++)
        for (int c = 0; c < points; c++) {
          const double step = length / points, x[n] = {0.0, a * step, b * step, c * step};
          const double weight = std::exp(-energy(x) / tau);
          const auto values = observables(x);
          for (size_t i = 0; i < sums.size(); i++) sums[i] += weight * values[i];
          z += weight;
        }
    for (auto &sum : sums) sum /= z;
    return sums;
  }
  /// Independent configurations by rejection, for the energy is positive.
  static void sample(RandomStream &random, double tau, double *x) {
    do
      for (int64_t i = 0; i < n; i++) x[i] = length * random.uniform();
    while (random.uniform() > std::exp(-energy(x) / tau));
  }
  /// The largest |z| of the averages of frames [count, n] against the exact ones.
  static double largest_z(const std::vector<double> &frames, double tau) {
    const auto wanted = exact(tau);
    std::vector<std::vector<double>> series(wanted.size());
    for (size_t start = 0; start < frames.size(); start += n) {
      const auto values = observables(&frames[start]);
      for (size_t i = 0; i < values.size(); i++) series[i].push_back(values[i]);
    }
    double largest = 0.0;
    for (size_t i = 0; i < wanted.size(); i++) {
      const double z = estimators::mean_with_error(series[i]).z_score(wanted[i]);
      largest = std::max(largest, std::fabs(z));
    }
    return largest;
  }
};

/// What moves need to know of it.
inline mcmc::Space ring_space(bool auxiliary = true) {
  mcmc::Space space;
  space.coordinates = Ring::n;
  space.auxiliary = auxiliary;
  space.gaussian_prior = false;
  space.recorded_variance = 0.7;
  space.box = {1, {Ring::length}};
  return space;
}

class RingTarget : public Target {
 public:
  double energy(const double *x) override { return Ring::energy(x); }
  double energy_and_forces(const double *x, double *forces) override {
    Ring::forces(x, forces);
    return Ring::energy(x);
  }
  const double *inverse_masses() override { return inverse_masses_.data(); }

 private:
  std::vector<double> inverse_masses_{1.0, 0.5, 2.0, 1.0};
};

/// A flow of the ring with momenta: a scale of each momentum that depends on where the other atoms
/// are, a kick by the forces, a drift. Its Jacobian varies; places come back wrapped anyhow. The
/// masked maps leave frozen atoms and their momenta alone, but feel them.
class RingFlow : public Flow {
 public:
  RingFlow(double kick, double drift, double scale, double bend)
      : kick_(kick), drift_(drift), log_scale_(std::log(scale)), bend_(bend) {}

  void forward(int64_t batch, const double *u, const Temperatures &, double *v,
               double *log_det) override {
    run(batch, u, nullptr, v, log_det, true);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &, double *u,
               double *log_det) override {
    run(batch, v, nullptr, u, log_det, false);
  }
  bool has_masked() const override { return true; }
  void forward_masked(int64_t batch, const double *u, const Temperatures &, const uint8_t *mask,
                      double *v, double *log_det) override {
    run(batch, u, mask, v, log_det, true);
  }
  void inverse_masked(int64_t batch, const double *v, const Temperatures &, const uint8_t *mask,
                      double *u, double *log_det) override {
    run(batch, v, mask, u, log_det, false);
  }

 private:
  static constexpr int64_t n = Ring::n;

  void run(int64_t batch, const double *in, const uint8_t *mask, double *out, double *log_det,
           bool there) const {
    for (int64_t b = 0; b < batch; b++, in += 2 * n, out += 2 * n) {
      std::copy(in, in + 2 * n, out);
      const uint8_t *mobile = mask ? mask + b * n : nullptr;
      log_det[b] = there ? scale(out, mobile, 1.0) : 0.0;
      if (there) kick(out, mobile, kick_);
      for (int64_t i = 0; i < n; i++) {
        if (mobile && !mobile[i]) continue;
        out[i] += (there ? drift_ : -drift_) * out[n + i];
        out[i] -= Ring::length * std::floor(out[i] / Ring::length);
      }
      if (!there) kick(out, mobile, -kick_);
      if (!there) log_det[b] = scale(out, mobile, -1.0);
    }
  }
  void kick(double *v, const uint8_t *mobile, double strength) const {
    double forces[n];
    Ring::forces(v, forces);
    for (int64_t i = 0; i < n; i++)
      if (!mobile || mobile[i]) v[n + i] += strength * forces[i];
  }
  double scale(double *v, const uint8_t *mobile, double sign) const {
    double log_det = 0.0;
    for (int64_t i = 0; i < n; i++) {
      if (mobile && !mobile[i]) continue;
      double waves = 0.0;
      for (int64_t j = 0; j < n; j++)
        if (j != i) waves += std::cos(Ring::wave * (v[i] - v[j]));
      const double log_scale = sign * (log_scale_ + bend_ * waves);
      v[n + i] *= std::exp(log_scale);
      log_det += log_scale;
    }
    return log_det;
  }

  double kick_, drift_, log_scale_, bend_;
};

} // namespace nflow::tests

#endif
