#ifndef NFLOW_MC_ARGUMENTS_H
#define NFLOW_MC_ARGUMENTS_H

#include "arrays/periodic_box.h"
#include "mcmc/moves/move.h"
#include "mcmc/prefetch.h"
#include "pointers.h"

#include <algorithm>
#include <string>

namespace LAMMPS_NS {

/// What the user said to fix nflow/mc.
struct MonteCarloArguments {
  int every = 0, attempts = 0; // steps between calls, attempts a call
  int seed = 0;
  double temperature = 0.0;         // T; of no meaning with a variable
  std::string temperature_variable; // or empty
  std::string model_file, device = "auto";
  std::vector<std::string> uncounted; // IDs of fixes whose forces need have no energy
  double prior_temperature = 0.0;     // T0; 0: that of the only pair of the model
  int64_t batch = 64;
  int64_t prefetch = 0; // attempts; 0: as the acceptance says
  bool redraw = false;  // velocities, after accepted moves
  nflow::Rearrangement rearrangement;
  nflow::mcmc::Moves moves; // none: the default

  /// How many attempts share calls of the flow.
  nflow::mcmc::PrefetchDepth prefetch_depth() const;
  /// Points that the flow may be given at once.
  int64_t largest_batch() const { return std::max(batch, prefetch_depth().largest); }
};

/// The arguments of fix ID group nflow/mc N M seed T model keyword value ... Throws nflow::Error,
/// but stops LAMMPS itself where it finds no number.
MonteCarloArguments parse_mc_arguments(LAMMPS *lmp, int narg, char **arg);

} // namespace LAMMPS_NS

#endif
