#include "reference/ka2d.h"

#include "files/output_file.h"

#include <cmath>

namespace nflow::reference {

namespace {

constexpr double C0 = 0.04049023795;
constexpr double C2 = -0.00970155098;
constexpr double C4 = 0.00062012617;
constexpr double cutoff_in_sigma = 2.5;

/// V, F and dF/dr for epsilon = sigma = 1.
PairTerm reduced(double r) {
  const double r2 = r * r, s2 = 1.0 / r2, s6 = s2 * s2 * s2;
  PairTerm term;
  term.energy = 4.0 * (s6 * (s6 - 1.0) + C0 + r2 * (C2 + r2 * C4));
  term.force = 4.0 * (s6 * (12.0 * s6 - 6.0) / r - r * (2.0 * C2 + 4.0 * C4 * r2));
  term.slope = 4.0 * (s6 * (42.0 - 156.0 * s6) * s2 - (2.0 * C2 + 12.0 * C4 * r2));
  return term;
}

PairTerm scaled(const PairTerm &term, const Ka2dPair &pair) {
  return {term.energy * pair.epsilon, term.force * pair.epsilon / pair.sigma,
          term.slope * pair.epsilon / (pair.sigma * pair.sigma)};
}

void write_section(OutputFile &file, const Ka2dPair &pair) {
  const double low = Ka2dGrid::first, high = pair.cutoff();
  const int last = Ka2dGrid::points - 1;
  file.print("\n%s\nN %d RSQ %.17g %.17g FPRIME %.17g %.17g\n\n", pair.name, Ka2dGrid::points, low,
             high, pair.tabulated(low).slope, pair.exact(high).slope);
  for (int i = 0; i <= last; i++) {
    // As LAMMPS computes it; it reads r only to compare.
    const double r = std::sqrt(low * low + (high * high - low * low) * i / last);
    const PairTerm term = pair.tabulated(r);
    file.print(i == 0 ? "%d %.8g %.13g %.17g\n" : "%d %.8g %.13g %.13g\n", i + 1, r, term.energy,
               term.force);
  }
}

} // namespace

const std::array<Ka2dPair, 6> &ka2d_pairs() {
  static const std::array<Ka2dPair, 6> pairs = {{{"AA", 1, 1, 1.0, 1.0},
                                                 {"BB", 2, 2, 0.5, 0.88},
                                                 {"CC", 3, 3, 0.75, 0.94},
                                                 {"AB", 1, 2, 1.5, 0.8},
                                                 {"AC", 1, 3, 0.75, 0.9},
                                                 {"BC", 2, 3, 1.5, 0.8}}};
  return pairs;
}

PairTerm Ka2dPair::exact(double r) const {
  if (r >= cutoff_in_sigma * sigma) {
    // LAMMPS needs the slope at the cutoff itself; it is zero but for the decimals of C0, C2, C4.
    return r > cutoff_in_sigma * sigma ? PairTerm{} : scaled(reduced(cutoff_in_sigma), *this);
  }
  return scaled(reduced(r / sigma), *this);
}

PairTerm Ka2dPair::tabulated(double r) const {
  const double joint = Ka2dGrid::inner();
  const double x = r / sigma;
  if (x >= joint) return exact(r);
  const PairTerm at_joint = reduced(joint);
  const double stiffness = at_joint.force / joint; // F = stiffness x
  return scaled(
      {at_joint.energy + 0.5 * stiffness * (joint * joint - x * x), stiffness * x, stiffness},
      *this);
}

double Ka2dGrid::inner() {
  // About 0.4 sigma. The force is largest here; LAMMPS calls a force that exceeds both of its
  // neighbouring secants inconsistent, so the maximum stands well inside an interval, towards its
  // upper end, where the steep side is.
  const double interval = cutoff_in_sigma * cutoff_in_sigma / (points - 1);
  return std::sqrt((std::floor(0.16 / interval) + 0.9) * interval);
}

void write_ka2d_table(const std::string &name) {
  OutputFile file(name);
  file.print("# Two-dimensional ternary Kob-Andersen mixture for LAMMPS pair_style table spline "
             "%d, UNITS: lj\n"
             "# V = 4 eps [(s/r)^12 - (s/r)^6 + C0 + C2 (r/s)^2 + C4 (r/s)^4], r < 2.5 s; below "
             "%.6g s linear in r^2\n"
             "# made by nflow-reference ka2d-table\n",
             Ka2dGrid::points, Ka2dGrid::inner());
  for (const Ka2dPair &pair : ka2d_pairs()) write_section(file, pair);
  file.close();
}

} // namespace nflow::reference
