#ifndef NFLOW_TESTS_MOVES_CASE_H
#define NFLOW_TESTS_MOVES_CASE_H

#include "mcmc/moves/move.h"
#include "reference/multi_well.h"
#include "statistics/ring.h"

// Systems on which every move can be tried, beside those of tests/statistics.

namespace nflow::tests {

/// A flow of the ring without momenta: every atom is shifted by a wave of the next one. The masked
/// maps leave frozen atoms where they are.
class RingShifts : public Flow {
 public:
  void forward(int64_t batch, const double *u, const Temperatures &tau, double *v,
               double *log_det) override {
    forward_masked(batch, u, tau, nullptr, v, log_det);
  }
  void inverse(int64_t batch, const double *v, const Temperatures &tau, double *u,
               double *log_det) override {
    inverse_masked(batch, v, tau, nullptr, u, log_det);
  }
  bool has_masked() const override { return true; }
  void forward_masked(int64_t batch, const double *u, const Temperatures &, const uint8_t *mask,
                      double *v, double *log_det) override {
    run(batch, u, mask, v, log_det, 0.3);
  }
  void inverse_masked(int64_t batch, const double *v, const Temperatures &, const uint8_t *mask,
                      double *u, double *log_det) override {
    run(batch, v, mask, u, log_det, -0.3);
  }

 private:
  static void run(int64_t batch, const double *in, const uint8_t *mask, double *out,
                  double *log_det, double size) {
    std::copy(in, in + batch * Ring::n, out);
    for (int64_t b = 0; b < batch; b++, out += Ring::n) {
      log_det[b] = 0.0;
      for (int64_t i = 0; i < Ring::n; i++) {
        const int64_t atom = size > 0.0 ? i : Ring::n - 1 - i;
        if (mask && !mask[b * Ring::n + atom]) continue;
        out[atom] += size * std::sin(Ring::wave * out[(atom + 1) % Ring::n]);
      }
    }
  }
};

class WellTarget : public Target {
 public:
  double energy(const double *x) override { return system.energy(x); }
  reference::MultiWell system = reference::random_multi_well(5, 7);
};

/// What `mapped` draws from.
inline mcmc::Reservoir frames_of_ring(int64_t count, uint64_t number = 0) {
  mcmc::Reservoir result;
  result.x.resize(count * Ring::n);
  RandomStream random(31, 0, number, Purpose::sample);
  for (int64_t i = 0; i < count; i++) {
    Ring::sample(random, 2.0, &result.x[i * Ring::n]);
    result.energies.push_back(Ring::energy(&result.x[i * Ring::n]));
  }
  return result;
}

} // namespace nflow::tests

#endif
