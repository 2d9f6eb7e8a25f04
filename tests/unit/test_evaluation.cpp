#include "reference/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace nflow::reference;

namespace {

/// For a harmonic multi-well with A = 1: the exact flow y = u / sqrt(2 b) - a / (2 b), widened by
/// `scale`; the momenta stay as they are.
class HarmonicFlow : public nflow::Flow {
 public:
  HarmonicFlow(const MultiWell &system, bool auxiliary, double scale)
      : system_(system), size_((auxiliary ? 2 : 1) * system.dim()),
        factor_(scale / std::sqrt(2.0 * system.b)) {}
  void forward(int64_t batch, const double *u, const nflow::Temperatures &, double *v,
               double *log_det) override {
    map(batch, u, v, log_det, 1.0, [this](double value, size_t i) {
      return factor_ * value - system_.a[i] / (2.0 * system_.b);
    });
  }
  void inverse(int64_t batch, const double *v, const nflow::Temperatures &, double *u,
               double *log_det) override {
    map(batch, v, u, log_det, -1.0, [this](double value, size_t i) {
      return (value + system_.a[i] / (2.0 * system_.b)) / factor_;
    });
  }

 private:
  template <class Function>
  void map(int64_t batch, const double *from, double *to, double *log_det, double sign,
           Function f) {
    const auto dim = system_.dim();
    for (int64_t b = 0; b < batch; b++) {
      for (int64_t i = 0; i < size_; i++) {
        const int64_t k = b * size_ + i;
        to[k] = i < dim ? f(from[k], static_cast<size_t>(i)) : from[k];
      }
      log_det[b] = sign * static_cast<double>(dim) * std::log(factor_);
    }
  }

  const MultiWell &system_;
  int64_t size_;
  double factor_;
};

MultiWell harmonic(int64_t dim) {
  MultiWell system;
  system.A = Matrix(dim);
  for (int64_t i = 0; i < dim; i++) {
    system.A(i, i) = 1.0;
    system.a.push_back(0.3 * static_cast<double>(i) - 0.5);
  }
  system.b = 1.7;
  system.c = 0.0;
  return system;
}

} // namespace

TEST(Evaluation, ThePerfectFlow) {
  const auto system = harmonic(3);
  for (const bool auxiliary : {false, true})
    for (const double temperature : {0.2, 1.0, 6.0}) {
      HarmonicFlow flow(system, auxiliary, 1.0);
      const ExactMultiWell exact(system, temperature);
      const auto result = evaluate(flow, auxiliary, system, exact, 700, 1);
      EXPECT_NEAR(result.kl, 0.0, 1e-9);
      EXPECT_NEAR(result.ess, 1.0, 1e-9);
      EXPECT_NEAR(result.acceptance, 1.0, 1e-9);
      EXPECT_NEAR(result.nll_x, exact.entropy(), 1e-9);
      const double momenta = auxiliary ? 1.5 * std::log(2.0 * M_PI * M_E * temperature) : 0.0;
      EXPECT_NEAR(result.nll - result.nll_x, momenta, 1e-9);
    }
}

TEST(Evaluation, AFlowThatIsTooWide) {
  // Normal densities, the flow's wider by s: KL = d (ln s + 1/(2 s^2) - 1/2), and in one dimension
  // the effective sample size is s^-2 sqrt(2 s^2 - 1).
  const auto system = harmonic(2);
  const double s = 1.3;
  HarmonicFlow flow(system, true, s);
  const auto result = evaluate(flow, true, system, ExactMultiWell(system, 0.8), 40000, 2);
  const double kl = 2.0 * (std::log(s) + 0.5 / (s * s) - 0.5);
  EXPECT_NEAR(result.kl, kl, 4.0 * result.kl_error);
  EXPECT_LT(result.kl_error, 0.01);
  EXPECT_NEAR(result.ess, std::pow(std::sqrt(2.0 * s * s - 1.0) / (s * s), 2), 0.02);
  // The weight depends on r^2/2 alone, which is exponential under both in two dimensions.
  EXPECT_NEAR(result.acceptance, 2.0 / (s * s + 1.0), 0.01);
}
