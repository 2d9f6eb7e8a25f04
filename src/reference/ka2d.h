#ifndef NFLOW_REFERENCE_KA2D_H
#define NFLOW_REFERENCE_KA2D_H

#include <array>
#include <string>

namespace nflow::reference {

/// A pair energy and its derivatives at one distance.
struct PairTerm {
  double energy = 0.0;
  double force = 0.0; // -dV/dr
  double slope = 0.0; // dF/dr
};

/// One pair of species of the two-dimensional ternary Kob-Andersen mixture (KA2D):
///     V(r) = 4 eps [(s/r)^12 - (s/r)^6 + C0 + C2 (r/s)^2 + C4 (r/s)^4]   for r < 2.5 s,
/// where the constants make V, V' and V'' vanish at the cutoff (to their 11 decimals).
struct Ka2dPair {
  const char *name;  // keyword in the table: AA, BB, CC, AB, AC, BC
  int first, second; // LAMMPS types: A = 1, B = 2, C = 3
  double epsilon, sigma;

  double cutoff() const { return 2.5 * sigma; }
  /// The closed form; zero from the cutoff on.
  PairTerm exact(double r) const;
  /// What the table holds: the closed form, and below `inner` sigma a parabola in r that goes on
  /// with the same energy and force, so that every distance has a finite energy. The energy at
  /// the joint is about 2e5 epsilon: no simulation at a temperature of interest gets there.
  PairTerm tabulated(double r) const;
};

const std::array<Ka2dPair, 6> &ka2d_pairs();

/// The grid of the table: `points` equidistant in r^2 from almost zero to the cutoff, and the
/// distance in sigma below which the parabola stands.
struct Ka2dGrid {
  static constexpr int points = 3407;
  // Closer pairs stop LAMMPS (they do not occur). A power of two, so that LAMMPS's estimate of the
  // slope of F/r here, a difference of large numbers, comes out as the zero that it is.
  static constexpr double first = 0x1p-20;
  static double inner();
};

/// Writes the six sections as a file for LAMMPS's pair_style table. Throws Error if it cannot.
void write_ka2d_table(const std::string &file);

} // namespace nflow::reference

#endif
