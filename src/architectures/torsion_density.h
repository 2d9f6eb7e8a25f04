#ifndef NFLOW_ARCHITECTURES_TORSION_DENSITY_H
#define NFLOW_ARCHITECTURES_TORSION_DENSITY_H

#include "operators/torsion_density.h"

#include <vector>

namespace torch::jit {
struct Module;
}

namespace nflow {

/// A steerable density of torsions as numbers: exp(-sum of `energies` of bins / kT) / Z(kT).
struct TorsionTables {
  operators::TorsionForest forest;
  std::vector<double> energies; // of each torsion in turn: [K], or [K of the parent, K]
};

/// Gives a module the density as buffers torsion_*, always float64, and the methods of
/// sources/torsion_density.ts.py:
///     torsions_forward(u [B, m], kT []) -> (phi in (-pi, pi], log_det [B])
///     torsions_inverse(phi, kT) -> (u, log_det)
///     torsions_transport(phi, kT_0, kT_1) -> (phi, log_det)
/// with u ~ N(0, kT). The model calls the operator "torsion_density". Throws Error where the
/// tables are none.
void add_torsion_density(torch::jit::Module &module, const TorsionTables &tables);

} // namespace nflow

#endif
