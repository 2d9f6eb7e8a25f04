#ifndef NFLOW_TESTS_MIXED_DISCS_H
#define NFLOW_TESTS_MIXED_DISCS_H

#include "plugin/soft_discs.h"

namespace nflow::tests {

/// Two soft discs of each of two types whose pairs differ much: who takes one type for the other
/// has another energy.
struct MixedDiscs {
  static constexpr int n = 4;
  static constexpr double length = 4.0, cutoff = 1.9;
  static constexpr double hot = 1.5, cold = 0.8;

  static double strength(int i, int j) { return i / 2 != j / 2 ? 1.0 : i < 2 ? 3.0 : 8.0; }
  static double energy(const double *x) { return energy_of_discs(x, n, length, cutoff, strength); }
  static void sample(RandomStream &random, double temperature, double *x) {
    do
      for (int i = 0; i < 2 * n; i++) x[i] = length * random.uniform();
    while (random.uniform() > std::exp(-energy(x) / temperature));
  }
  /// The mean of U and of U^2 with errors, from independent configurations.
  static std::vector<estimators::Estimate> reference(double temperature, int count) {
    RandomStream random(19, 0, 0, Purpose::sample);
    std::vector<double> u, square;
    double x[2 * n];
    for (int i = 0; i < count; i++) {
      sample(random, temperature, x);
      u.push_back(energy(x));
      square.push_back(u.back() * u.back());
    }
    return {estimators::mean_with_error(u), estimators::mean_with_error(square)};
  }
  static void write_files() {
    RandomStream random(29, 0, 0, Purpose::sample);
    std::ofstream out("mixed.dump");
    out.precision(17);
    double x[2 * n];
    for (int frame = 0; frame < 20000; frame++) {
      sample(random, hot, x);
      out << "ITEM: TIMESTEP\n"
          << frame << "\nITEM: NUMBER OF ATOMS\n4\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n-0.5 0.5\n"
          << "ITEM: ATOMS id type x y\n";
      for (int i = 0; i < n; i++)
        out << i + 1 << ' ' << 1 + i / 2 << ' ' << x[2 * i] << ' ' << x[2 * i + 1] << '\n';
    }
    auto metadata = SoftDiscs::metadata(); // same atoms, box and temperatures
    write_toy_liquid("mixed.pt", metadata, SoftDiscs::flow(true));
    metadata.equivariant = false;
    write_toy_liquid("fixed_order.pt", metadata, SoftDiscs::flow(true));
  }
  /// The system; thermo output: step, U, U^2, then `columns`.
  static std::string script(const std::string &rest, const std::string &columns = "") {
    return "units lj\ndimension 2\natom_style charge\natom_modify map array\n"
           "region r block 0 4 0 4 -0.5 0.5\ncreate_box 2 r\n"
           "create_atoms 1 single 0.5 0.5 0\ncreate_atoms 1 single 2.5 0.7 0\n"
           "create_atoms 2 single 0.9 2.6 0\ncreate_atoms 2 single 2.8 3.1 0\n"
           "mass 1 1.0\nmass 2 2.0\npair_style soft 1.9\npair_coeff 1 1 3.0\npair_coeff 1 2 1.0\n"
           "pair_coeff 2 2 8.0\nneighbor 0.1 bin\nneigh_modify delay 0 every 1 check yes\n" +
           rest + "variable uu equal c_thermo_pe*c_thermo_pe\nthermo_style custom step pe v_uu " +
           columns + "\nthermo_modify norm no format float %20.16g\n";
  }
};

} // namespace nflow::tests

#endif
