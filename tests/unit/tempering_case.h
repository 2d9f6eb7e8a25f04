#ifndef NFLOW_TESTS_TEMPERING_CASE_H
#define NFLOW_TESTS_TEMPERING_CASE_H

#include "base/random.h"
#include "tempering/tempering.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace nflow::tests {

/// Replicas of a harmonic system with six degrees of freedom, whose energies at k_B T = tau, of the
/// density U^2 exp(-U/tau), are drawn exactly and anew before every scan.
struct HarmonicReplicas {
  static constexpr uint32_t seed = 31;

  static double energy(double tau, int place, uint64_t scan) {
    RandomStream random(seed, static_cast<uint32_t>(place), scan, Purpose::sample);
    double squares = 0.0;
    for (int k = 0; k < 6; k++) squares += std::pow(random.gaussian(), 2);
    return 0.5 * tau * squares;
  }
  static double mean_energy(double tau) { return 3.0 * tau; }

  /// Of the temperatures before the next scan.
  static std::vector<double> energies(const tempering::Tempering &tempering) {
    std::vector<double> all;
    for (int i = 0; i < tempering.count(); i++)
      all.push_back(energy(tempering.temperatures()[i], i, tempering.scans()));
    return all;
  }

  /// Of the next scan.
  static std::vector<tempering::Works> works(const tempering::Tempering &tempering) {
    const auto u = energies(tempering);
    const auto &tau = tempering.temperatures();
    std::vector<tempering::Works> all;
    for (const auto &[i, j] : tempering.pairs())
      all.push_back(tempering::plain_works(u[i], u[j], tau[i], tau[j]));
    return all;
  }

  /// Of an exchange between these temperatures: 2 P(U_cold > U_hot), where U_hot/T_hot and
  /// U_cold/T_cold have a gamma density of order 3, so that it is an incomplete beta function.
  static double acceptance(double tau_a, double tau_b) {
    const double ratio = tau_a > tau_b ? tau_a / tau_b : tau_b / tau_a, x = 1.0 / (1.0 + ratio);
    return 2.0 * x * x * x * (10.0 - 15.0 * x + 6.0 * x * x);
  }
};

inline std::vector<double> geometric(int count, double ratio) {
  std::vector<double> temperatures{1.0};
  while (static_cast<int>(temperatures.size()) < count)
    temperatures.push_back(ratio * temperatures.back());
  return temperatures;
}

/// A tempering that has begun.
inline tempering::Tempering begun(const std::vector<double> &temperatures,
                                  const tempering::Plan &plan) {
  tempering::Tempering tempering(static_cast<int>(temperatures.size()), plan);
  tempering.begin(temperatures);
  return tempering;
}

/// Some scans, each with its tuning. Returns the rows of the log.
inline std::vector<ExchangeAttempt> run(tempering::Tempering &tempering, int scans) {
  std::vector<ExchangeAttempt> all;
  for (int s = 0; s < scans; s++) {
    const auto step = static_cast<int64_t>(10 * tempering.scans());
    for (const auto &attempt : tempering.decide(step, HarmonicReplicas::works(tempering)))
      all.push_back(attempt);
    tempering.tune();
  }
  return all;
}

} // namespace nflow::tests

#endif
