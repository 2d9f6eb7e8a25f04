#ifndef NFLOW_TEMPER_COMMAND_H
#define NFLOW_TEMPER_COMMAND_H

#include "pointers.h"
#include "tempering/tempering.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// What the command of fix nflow/temper says.
struct TemperCommand {
  int every = 0, seed = 0;
  std::vector<double> temperatures;     // of this partition, or of all
  std::vector<std::string> model_files; // one, or one a pair of neighbors; empty name: none
  bool one_model = false;
  nflow::tempering::Scheme scheme = nflow::tempering::Scheme::deo;
  bool adjacent = true, velocity_momenta = false, redraw = false, own_hamiltonian = false;
  bool universe_log = true;
  std::string log_file, device = "auto";
  std::vector<std::string> uncounted; // IDs of fixes whose forces need have no energy
  uint64_t tune_scans = 0;
  double limit = 600.0; // seconds of waiting
  uint32_t key = 0;     // of all random numbers
  std::string settings; // the keywords that must be the same in all partitions

  nflow::tempering::Plan plan() const { return {scheme, tune_scans, key}; }
  double temperature_of(int partition) const {
    return temperatures[temperatures.size() == 1 ? 0 : partition];
  }
  /// The file of the flow between two partitions; empty: none.
  std::string model_of(int i, int j) const;
  /// Whether an exchange needs energies of configurations that have not been there, so that they
  /// are put there before the decision. Else two known energies decide.
  bool evaluates(int i, int j) const { return own_hamiltonian || !model_of(i, j).empty(); }
};

/// Reads fix ID group nflow/temper N seed T_1 ... keyword value ... Throws nflow::Error.
TemperCommand parse_temper_command(LAMMPS *lmp, int narg, char **arg);

} // namespace LAMMPS_NS

#endif
