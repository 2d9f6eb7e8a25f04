#ifndef NFLOW_ARCHITECTURES_INTERNAL_START_H
#define NFLOW_ARCHITECTURES_INTERNAL_START_H

#include "architectures/architecture.h"
#include "architectures/torsion_density.h"

#include <string>
#include <vector>

namespace nflow {

/// Where a flow in internal coordinates begins: in closed form, from samples of a molecule at one
/// temperature. Of its 3n internal coordinates (docs/flows.md) 6 are carried; the torsions that
/// turn
/// (`soft`, m of them) have a steerable density of their own; the rest (`hard`, H) is gaussian
/// about a mean that depends on the soft ones:
///     hard = centre + offset + features(soft) coefficients + white spread,  white ~ N(0, kT/kT0)
/// with features cos(a) and sin(a) of the angles a = soft multiples.
struct InternalStart {
  std::vector<TreeRow> tree;
  std::vector<double> carried;         // of a sample
  std::vector<int64_t> soft, hard;     // places among the 3n: 3 row + component
  std::vector<std::string> soft_names; // "C-N-CA-C" by IDs, as "5-7-9-15"
  TorsionTables torsions;
  std::vector<int64_t> multiples;     // [m, A]
  std::vector<double> centre, period; // [H]; of what has no period, one that is never reached
  std::vector<double> offset, coefficients, spread, spread_inverse; // [H], [2A, H], [H, H] twice
  double log_spread = 0.0;                                          // ln|det spread|

  int64_t angles() const {
    return soft.empty() ? 0 : static_cast<int64_t>(multiples.size() / soft.size());
  }
};

/// From the training samples of data.samples[0], at the temperature of the setting. Throws Error
/// for molecules and samples for which there is none.
InternalStart internal_start(const FlowSetting &setting, const StartingData &data);

} // namespace nflow

#endif
