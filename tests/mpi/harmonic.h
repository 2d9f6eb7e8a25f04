#ifndef NFLOW_TESTS_HARMONIC_H
#define NFLOW_TESTS_HARMONIC_H

#include "mpi/partitions.h"
#include "support/toy_models.h"

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace nflow::tests {

/// Five atoms in the plane, each on a spring: D = 10 independent coordinates of U = k x^2 / 2, for
/// which everything is known. Sampled by Monte Carlo alone, slowly enough that configurations which
/// an exchange brought are still felt at the next one.
struct Harmonic {
  static constexpr int n = 5, dimension = 10;
  static constexpr double spring = 2.0;

  /// A script with one partition for each temperature; `rest` comes before the thermo output, of
  /// step, pe, its square, the position of the first atom, and `columns`.
  static std::string script(const std::vector<double> &temperatures, const std::string &rest,
                            const std::string &columns = "") {
    write_toy_model("mc.pt", toy_metadata(n, 2), 1.1 / std::sqrt(spring), 0.0);
    std::ostringstream text;
    text << world_variable("t", temperatures) << start() << settings() << rest << thermo(columns);
    return text.str();
  }
  static std::string start() {
    std::ostringstream text;
    text << "units lj\ndimension 2\nboundary f f p\natom_modify map array\n"
            "region r block -40 40 -40 40 -0.5 0.5\ncreate_box 1 r\n";
    for (int i = 0; i < n; i++) text << "create_atoms 1 single 0 0 0\n";
    return text.str();
  }
  static std::string settings() {
    std::ostringstream text;
    // Sorting, at the start of each run, would change the order of sums, and so the last bits.
    text << "atom_modify sort 0 0\nmass 1 1.0\npair_style zero 2.0\npair_coeff * *\nneighbor 0.3 "
            "nsq\n"
            "fix s all spring/self "
         << spring
         << "\nfix_modify s energy yes\n"
            "fix m all nflow/mc 1 1 77 ${t} mc.pt move latent sigma 0.3 weight 3 move "
            "independence batch 16\n";
    return text.str();
  }
  static std::string thermo(const std::string &columns) {
    return "variable uu equal pe*pe\nvariable x equal x[1]\n"
           "thermo_style custom step pe v_uu v_x " +
           columns + "\nthermo_modify norm no format float %20.16g\nthermo 1\n";
  }

  static double mean_energy(double temperature) { return 0.5 * dimension * temperature; }
  static double mean_square_energy(double temperature) {
    return mean_energy(temperature) * (mean_energy(temperature) + temperature);
  }
  /// -ln(Z_j/Z_i) of the configuration integrals.
  static double free_energy_difference(double t_i, double t_j) {
    return 0.5 * dimension * std::log(t_i / t_j);
  }
  /// The acceptance of plain exchange. U/T is Gamma(D/2) distributed at both temperatures, and the
  /// mean of min(1, e^-w) is twice the probability of w < 0, i.e. of U_cold > U_hot (w has the
  /// density p(w) = e^w p(-w), because an exchange is its own inverse). U_cold/T_cold over the sum
  /// of both is Beta(D/2, D/2) distributed, so
  ///   acceptance = 2 I_x(D/2, D/2),  x = T_cold / (T_cold + T_hot),
  /// with the regularised incomplete beta function I, a sum of binomials for even D.
  static double plain_acceptance(double cold, double hot) {
    const int a = dimension / 2, m = 2 * a - 1;
    const double x = cold / (cold + hot);
    double sum = 0.0;
    for (int k = a; k <= m; k++)
      sum += std::exp(std::lgamma(m + 1.0) - std::lgamma(k + 1.0) - std::lgamma(m - k + 1.0)) *
             std::pow(x, k) * std::pow(1.0 - x, m - k);
    return 2.0 * sum;
  }
};

} // namespace nflow::tests

#endif
