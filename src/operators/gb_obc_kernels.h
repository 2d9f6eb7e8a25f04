#ifndef NFLOW_OPERATORS_GB_OBC_KERNELS_H
#define NFLOW_OPERATORS_GB_OBC_KERNELS_H

#include <cstdint>
#include <vector>

namespace nflow::operators {

/// As many atoms that are none follow the last one: they have no charge and cover nothing, so that
/// a register of pairs may go beyond the end of a row.
constexpr int64_t gb_padding = 8;

/// Where the numbers of a molecule are. Of atoms, with the padding behind them; and of pairs i < j,
/// row by row, where each row has a multiple of the padding.
struct GbPairs {
  int64_t n;
  double screening; // energies are -screening q q / f
  const double *x, *y, *z;
  const double *own, *scaled, *charge; // own radii; radii as they cover others
  double *integral, *born;
  double *by_atom;        // dU/dB, and in forces() dU/dI
  double *force;          // three such lists
  double *square;         // r^2
  double *along;          // dU/dr / r at fixed Born radii
  double *first, *second; // dI_i/dr / r, dI_j/dr / r
};

/// The sums over pairs, compiled for one instruction set.
struct GbObcKernels {
  const char *name;
  /// From places to square, integral and, for a gradient, first and second.
  void (*integrals)(const GbPairs &p, bool with_gradient);
  /// The energy of pairs; for a gradient also along, and what is added to by_atom.
  double (*pairs)(const GbPairs &p, bool with_gradient);
  /// The gradient [n, 3], with dU/dI in by_atom.
  void (*forces)(const GbPairs &p, double *gradient);
};

/// Those of the best instruction set that this processor has.
const GbObcKernels &gb_obc_kernels();
/// All that this processor can run, the best one first.
std::vector<const GbObcKernels *> all_gb_obc_kernels();

} // namespace nflow::operators

#endif
