#ifndef NFLOW_TESTS_OSCILLATORS_H
#define NFLOW_TESTS_OSCILLATORS_H

#include "base/random.h"

#include <cmath>
#include <utility>
#include <vector>

namespace nflow::tests {

/// A harmonic oscillator U = |x|^2/2 in several dimensions, simulated exactly at temperature T by
/// x <- phi x + sqrt(1 - phi^2) sqrt(T) xi; k_B = 1. Z is proportional to T^(dim/2), the mean of U
/// is dim T/2, its variance dim T^2/2.
class Oscillator {
 public:
  Oscillator(int dim, double temperature, double phi, uint32_t seed, uint32_t replica)
      : x_(dim), temperature_(temperature), phi_(phi), random_(seed, replica, 0, Purpose::sample) {
    for (double &x : x_) x = std::sqrt(temperature) * random_.gaussian();
  }

  void step() {
    const double noise = std::sqrt((1.0 - phi_ * phi_) * temperature_);
    for (double &x : x_) x = phi_ * x + noise * random_.gaussian();
  }
  double energy() const {
    double sum = 0.0;
    for (const double x : x_) sum += x * x;
    return 0.5 * sum;
  }
  double temperature() const { return temperature_; }
  void exchange(Oscillator &other) { x_.swap(other.x_); }

 private:
  std::vector<double> x_;
  double temperature_, phi_;
  RandomStream random_;
};

/// f_1 - f_0 = -ln(Z_1/Z_0) of oscillators at two temperatures.
inline double oscillator_delta_f(int dim, double t0, double t1) {
  return -0.5 * dim * std::log(t1 / t0);
}

struct Works {
  std::vector<double> forward, backward;
};

/// Works of the identity map between oscillators at t0 and t1, `count` pairs; with `exchange` the
/// configurations are exchanged by the rule of parallel tempering after each attempt.
inline Works oscillator_works(int dim, double t0, double t1, double phi, int count, uint32_t seed,
                              bool exchange = false) {
  Oscillator first(dim, t0, phi, seed, 0), second(dim, t1, phi, seed, 1);
  Works works;
  for (int k = 0; k < count; k++) {
    first.step();
    second.step();
    const double difference = 1.0 / t1 - 1.0 / t0;
    works.forward.push_back(difference * first.energy());
    works.backward.push_back(-difference * second.energy());
    RandomStream decide(seed, 2, k, Purpose::accept);
    if (exchange && std::log(decide.uniform()) < -works.forward[k] - works.backward[k])
      first.exchange(second);
  }
  return works;
}

/// The energies at each temperature of a ladder, after `count` steps each; with `exchange`
/// neighbours exchange their configurations, even and odd pairs in turn.
inline std::vector<std::vector<double>> tempering_energies(int dim,
                                                           const std::vector<double> &temperatures,
                                                           double phi, int count, uint32_t seed,
                                                           bool exchange) {
  std::vector<Oscillator> replicas;
  for (size_t k = 0; k < temperatures.size(); k++)
    replicas.emplace_back(dim, temperatures[k], phi, seed, static_cast<uint32_t>(k));
  std::vector<std::vector<double>> energies(replicas.size());
  for (int t = 0; t < count; t++) {
    for (auto &replica : replicas) replica.step();
    for (size_t k = 0; k < replicas.size(); k++) energies[k].push_back(replicas[k].energy());
    RandomStream decide(seed, 100, t, Purpose::accept);
    for (size_t k = t % 2; exchange && k + 1 < replicas.size(); k += 2) {
      const double beta = 1.0 / temperatures[k + 1] - 1.0 / temperatures[k];
      const double works = beta * (replicas[k].energy() - replicas[k + 1].energy());
      if (std::log(decide.uniform()) < -works) replicas[k].exchange(replicas[k + 1]);
    }
  }
  return energies;
}

/// Independent gaussian works that satisfy Crooks' relation p_F(w) = p_R(-w) exp(w - Delta f): of
/// variance s^2, means Delta f + s^2/2 and -Delta f + s^2/2.
inline Works gaussian_works(double delta_f, double s, int forward, int backward, uint32_t seed) {
  RandomStream random(seed, 0, 0, Purpose::sample);
  Works works;
  for (int k = 0; k < forward; k++)
    works.forward.push_back(delta_f + 0.5 * s * s + s * random.gaussian());
  for (int k = 0; k < backward; k++)
    works.backward.push_back(-delta_f + 0.5 * s * s + s * random.gaussian());
  return works;
}

} // namespace nflow::tests

#endif
