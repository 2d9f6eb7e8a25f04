#ifndef NFLOW_TESTS_SOFT_DISCS_H
#define NFLOW_TESTS_SOFT_DISCS_H

#include "base/random.h"
#include "estimators/autocorrelation.h"
#include "support/toy_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace nflow::tests {

/// The energy of `n` soft discs in a periodic square; strength(i, j) is that of a pair.
template <class Strength>
double energy_of_discs(const double *x, int n, double length, double cutoff,
                       const Strength &strength) {
  double sum = 0.0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++) {
      const double r = std::hypot(std::remainder(x[2 * i] - x[2 * j], length),
                                  std::remainder(x[2 * i + 1] - x[2 * j + 1], length));
      if (r < cutoff) sum += strength(i, j) * (1.0 + std::cos(M_PI * r / cutoff));
    }
  return sum;
}

/// The mean of a series against a reference with an error: |z| < 4.
inline void expect_same_mean(const std::vector<double> &series, const estimators::Estimate &exact,
                             const std::string &what) {
  const auto own = estimators::mean_with_error(series);
  const double z = (own.mean - exact.mean) / std::hypot(own.error, exact.error);
  std::printf("%s: %.4f +- %.4f, exact %.4f, z = %.2f\n", what.c_str(), own.mean, own.error,
              exact.mean, z);
  EXPECT_LT(std::fabs(z), 4.0) << what;
}

/// Four soft discs in a periodic square, two of each type: the energy is positive, so that
/// independent configurations at any temperature come from rejection.
struct SoftDiscs {
  static constexpr int n = 4;
  static constexpr double length = 4.0, cutoff = 1.6, strength = 3.0;
  static constexpr double hot = 1.5, cold = 0.8;

  static double energy(const double *x) {
    return energy_of_discs(x, n, length, cutoff, [](int, int) { return strength; });
  }
  static void sample(RandomStream &random, double temperature, double *x) {
    do
      for (int i = 0; i < 2 * n; i++) x[i] = length * random.uniform();
    while (random.uniform() > std::exp(-energy(x) / temperature));
  }
  /// Energy, its square, and waves of distances, as the thermo output of script() gives them.
  static std::vector<double> observables(const double *x) {
    const double u = energy(x), wave = 2.0 * M_PI / length;
    return {u, u * u, std::cos(wave * (x[0] - x[2])), std::cos(wave * (x[1] - x[5])),
            std::cos(wave * (x[4] - x[6]))};
  }
  /// Their exact averages with errors, from independent configurations.
  static std::vector<estimators::Estimate> reference(double temperature, int count) {
    RandomStream random(17, 0, 0, Purpose::sample);
    std::vector<std::vector<double>> series(5);
    double x[2 * n];
    for (int i = 0; i < count; i++) {
      sample(random, temperature, x);
      const auto values = observables(x);
      for (size_t k = 0; k < 5; k++) series[k].push_back(values[k]);
    }
    std::vector<estimators::Estimate> result;
    for (const auto &values : series) result.push_back(estimators::mean_with_error(values));
    return result;
  }

  /// A dump of `count` independent configurations; `atoms` of the four, in a box of this length.
  static void write_dump(const std::string &file, double temperature, int count, int atoms = n,
                         double box = length, const std::string &types = "1 1 2 2",
                         const std::string &units = "") {
    RandomStream random(23, 0, 0, Purpose::sample);
    std::istringstream words(types);
    int type[n];
    for (auto &t : type) words >> t;
    std::ofstream out(file);
    out.precision(17);
    double x[2 * n];
    for (int frame = 0; frame < count; frame++) {
      sample(random, temperature, x);
      if (frame == 0 && !units.empty()) out << "ITEM: UNITS\n" << units << '\n';
      out << "ITEM: TIMESTEP\n"
          << frame << "\nITEM: NUMBER OF ATOMS\n"
          << atoms << "\nITEM: BOX BOUNDS pp pp pp\n0 " << box << "\n0 " << box
          << "\n-0.5 0.5\nITEM: ATOMS id type x y\n";
      for (int i = 0; i < atoms; i++)
        out << i + 1 << ' ' << type[i] << ' ' << x[2 * i] << ' ' << x[2 * i + 1] << '\n';
    }
  }

  static Metadata metadata() {
    auto result = toy_liquid_metadata(n, 2, length, {{hot, cold}});
    result.types = std::vector<int>{1, 1, 2, 2};
    return result;
  }
  /// A flow that pushes the discs apart, or one as if untrained.
  static ToyLiquid flow(bool good) {
    ToyLiquid toy;
    toy.shear = good ? 0.1 : 0.3;
    toy.kick = good ? 0.2 : -0.3;
    toy.scale = good ? 0.95 : 1.3;
    return toy;
  }

  /// The system, `rest` (fixes) and the thermo output: step, observables, then `columns`.
  static std::string script(const std::string &rest, const std::string &columns = "") {
    std::ostringstream text;
    text << "units lj\ndimension 2\natom_modify map array\nregion r block 0 " << length << " 0 "
         << length << " -0.5 0.5\ncreate_box 2 r\n"
         << "create_atoms 1 single 0.5 0.5 0\ncreate_atoms 1 single 2.5 0.7 0\n"
         << "create_atoms 2 single 0.9 2.6 0\ncreate_atoms 2 single 2.8 3.1 0\n"
         << settings() << rest << "variable uu equal c_thermo_pe*c_thermo_pe\n"
         << "variable wave equal 2*PI/" << length << '\n'
         << "variable a equal cos(v_wave*(x[1]-x[2]))\nvariable b equal "
            "cos(v_wave*(y[1]-y[3]))\nvariable c equal cos(v_wave*(x[3]-x[4]))\n"
         << "thermo_style custom step pe v_uu v_a v_b v_c " << columns
         << "\nthermo_modify norm no format float %20.16g\n";
    return text.str();
  }
  static std::string settings() {
    std::ostringstream text;
    text << "mass 1 1.0\nmass 2 2.0\npair_style soft " << cutoff << "\npair_coeff * * " << strength
         << "\nneighbor 0.2 bin\n";
    return text.str();
  }
};

} // namespace nflow::tests

#endif
