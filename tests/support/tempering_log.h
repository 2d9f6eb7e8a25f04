#ifndef NFLOW_TESTS_TEMPERING_LOG_H
#define NFLOW_TESTS_TEMPERING_LOG_H

#include "support/oscillators.h"

#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace nflow::tests {

/// A synthetic run of parallel tempering of oscillators (deterministic even-odd, an attempt every
/// 100 steps), as fix nflow/temper and LAMMPS would log it.
struct TemperingRun {
  int dim = 8;
  std::vector<double> temperatures = {0.4, 0.55, 0.75, 1.0};
  double phi = 0.5;
  int scans = 4000;
  uint32_t seed = 51;
  bool broken_rule = false; // accepts with exp(-work_ij) alone

  std::string log;                           // the exchange log
  std::vector<std::vector<double>> energies; // at each temperature, every 100 steps
  std::vector<std::vector<int>> orders;      // replica at each temperature after each scan

  void simulate() {
    log = "# nflow/temper 1 exchange log\n# T";
    for (const double t : temperatures) log += " " + number(t);
    log += "\n# kB 1\n# columns: step scan i j work_ij work_ji accepted replica_i replica_j\n";
    std::vector<Oscillator> replicas;
    for (size_t k = 0; k < temperatures.size(); k++)
      replicas.emplace_back(dim, temperatures[k], phi, seed, static_cast<uint32_t>(k));
    energies.assign(temperatures.size(), {});
    std::vector<int> order(temperatures.size());
    std::iota(order.begin(), order.end(), 0);
    orders = {order};
    for (int scan = 0; scan < scans; scan++) {
      for (size_t k = 0; k < replicas.size(); k++) {
        replicas[k].step();
        energies[k].push_back(replicas[k].energy());
      }
      for (size_t k = scan % 2; k + 1 < replicas.size(); k += 2)
        attempt(scan, static_cast<int>(k), replicas, order);
      orders.push_back(order);
    }
  }

  /// Thermo logs PREFIX.0, PREFIX.1, .., energies divided by `norm`.
  void write_thermo(const std::string &prefix, double norm = 1.0) const {
    for (size_t k = 0; k < energies.size(); k++) {
      std::ofstream out(prefix + "." + std::to_string(k));
      out << "LAMMPS\nStep Temp PotEng\n";
      for (size_t s = 0; s < energies[k].size(); s++)
        out << 100 * (s + 1) << " 1.0 " << number(energies[k][s] / norm) << "\n";
      out << "Loop time of 1 on 1 procs\n";
    }
  }

 private:
  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.10g", value);
    return text;
  }

  void attempt(int scan, int i, std::vector<Oscillator> &replicas, std::vector<int> &order) {
    const int j = i + 1;
    const double beta = 1.0 / temperatures[j] - 1.0 / temperatures[i];
    const double work_ij = beta * replicas[i].energy(), work_ji = -beta * replicas[j].energy();
    RandomStream decide(seed, 100 + i, scan, Purpose::accept);
    const double log_acceptance = broken_rule ? -work_ij : -work_ij - work_ji;
    const bool accepted = std::log(decide.uniform()) < log_acceptance;
    log += std::to_string(100 * (scan + 1)) + " " + std::to_string(scan) + " " + std::to_string(i) +
           " " + std::to_string(j) + " " + number(work_ij) + " " + number(work_ji) + " " +
           std::to_string(accepted) + " " + std::to_string(order[i]) + " " +
           std::to_string(order[j]) + "\n";
    if (!accepted) return;
    replicas[i].exchange(replicas[j]);
    std::swap(order[i], order[j]);
  }
};

/// Exact mean acceptance of an exchange of oscillators of an even number of dimensions, 2 a: the
/// hotter one has the lower energy, T_h g' < T_c g for gamma variables of shape a, with half the
/// probability of an accepted exchange. So it is 2 I_x(a, a), x = T_c/(T_c + T_h).
inline double oscillator_acceptance(int dim, double t0, double t1) {
  const int a = dim / 2, n = 2 * a - 1;
  const double x = std::fmin(t0, t1) / (t0 + t1);
  double sum = 0.0;
  for (int k = a; k <= n; k++)
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) +
                    k * std::log(x) + (n - k) * std::log1p(-x));
  return 2.0 * sum;
}

} // namespace nflow::tests

#endif
