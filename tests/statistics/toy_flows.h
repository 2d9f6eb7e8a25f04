#ifndef NFLOW_TESTS_TOY_FLOWS_H
#define NFLOW_TESTS_TOY_FLOWS_H

#include "flow/flow.h"
#include "reference/linear_algebra.h"
#include "reference/multi_well.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace nflow::tests {

/// y = scale sinh(bend asinh u) + shift in every number, then x = A^-1 y: an exactly invertible map
/// of the line whose Jacobian varies from point to point. With `auxiliary`, half the numbers are
/// momenta, and before that the coordinates are scaled and shifted by functions of the momenta (and
/// the momenta by functions of those), so that the log-det of the augmented map is no constant
/// either.
class ToyFlow : public Flow {
 public:
  ToyFlow(const reference::MultiWell &system, bool auxiliary, double scale, double bend)
      : system_(system), inverse_(reference::invert(system.A)), auxiliary_(auxiliary),
        scale_(scale), bend_(bend) {}

  int64_t size() const { return auxiliary_ ? 2 * system_.dim() : system_.dim(); }

  void forward(int64_t batch, const double *u, const Temperatures &, double *v,
               double *log_det) override {
    const int64_t n = system_.dim();
    for (int64_t b = 0; b < batch; b++, u += size(), v += size()) {
      std::vector<double> x(u, u + n), p(u + n, u + size());
      double sum = 0.0;
      if (auxiliary_) couple(x, p, sum);
      for (int64_t i = 0; i < n; i++) {
        sum += std::log(slope(x[i]));
        x[i] = scale_ * std::sinh(bend_ * std::asinh(x[i]));
      }
      for (int64_t i = 0; i < n; i++) {
        v[i] = 0.0;
        for (int64_t j = 0; j < n; j++) v[i] += inverse_.matrix(i, j) * x[j];
        if (auxiliary_) v[n + i] = p[i];
      }
      log_det[b] = sum; // |det A| = 1
    }
  }

  void inverse(int64_t batch, const double *v, const Temperatures &, double *u,
               double *log_det) override {
    const int64_t n = system_.dim();
    for (int64_t b = 0; b < batch; b++, u += size(), v += size()) {
      std::vector<double> x(n), p(v + n, v + size());
      system_.to_wells(v, x.data());
      double sum = 0.0;
      for (int64_t i = 0; i < n; i++) {
        x[i] = std::sinh(std::asinh(x[i] / scale_) / bend_);
        sum += std::log(slope(x[i]));
      }
      if (auxiliary_) uncouple(x, p, sum);
      for (int64_t i = 0; i < n; i++) {
        u[i] = x[i];
        if (auxiliary_) u[n + i] = p[i];
      }
      log_det[b] = -sum;
    }
  }

 private:
  double slope(double u) const {
    return scale_ * bend_ * std::cosh(bend_ * std::asinh(u)) / std::sqrt(1.0 + u * u);
  }
  static double log_scale(double c) { return 0.2 * std::tanh(c); }
  static double shift(double c) { return 0.3 * std::sin(c); }

  void couple(std::vector<double> &x, std::vector<double> &p, double &log_det) const {
    for (size_t i = 0; i < x.size(); i++) {
      x[i] = x[i] * std::exp(log_scale(p[i])) + shift(p[i]);
      log_det += log_scale(p[i]);
      p[i] = p[i] * std::exp(log_scale(x[i])) + 0.7 * shift(x[i]);
      log_det += log_scale(x[i]);
    }
  }
  /// Undoes couple(); adds the log-det that couple() had there.
  void uncouple(std::vector<double> &x, std::vector<double> &p, double &log_det) const {
    for (size_t i = 0; i < x.size(); i++) {
      log_det += log_scale(x[i]);
      p[i] = (p[i] - 0.7 * shift(x[i])) * std::exp(-log_scale(x[i]));
      log_det += log_scale(p[i]);
      x[i] = (x[i] - shift(p[i])) * std::exp(-log_scale(p[i]));
    }
  }

  reference::MultiWell system_;
  reference::Inverse inverse_;
  bool auxiliary_;
  double scale_, bend_;
};

} // namespace nflow::tests

#endif
