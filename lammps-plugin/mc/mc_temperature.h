#ifndef NFLOW_MC_TEMPERATURE_H
#define NFLOW_MC_TEMPERATURE_H

#include "flow/flow.h"
#include "lammps/atoms_platform.h"
#include "mc/mc_arguments.h"
#include "model/metadata.h"
#include "pointers.h"

#include <string>
#include <utility>

namespace LAMMPS_NS {

/// The temperature T of fix nflow/mc, a number or a variable, and with a boltzmann prior also the
/// T0 from which the flow maps to it.
class MonteCarloTemperature : protected Pointers {
 public:
  /// Keeps the metadata. Throws nflow::Error unless the model has a flow to T, as far as T is known
  /// already.
  MonteCarloTemperature(LAMMPS *lmp, const MonteCarloArguments &arguments,
                        const nflow::Metadata &metadata);

  /// Before a run: throws nflow::Error unless the variable, if any, can be evaluated.
  void init() const;
  /// k_B T of both sides of the flow at this step; that of the next call is `every` steps later.
  /// Throws nflow::Error if T is not positive, or the flow does not end there.
  nflow::Temperatures now(Platform &platform, int every);
  /// T0 of a boltzmann prior (temperature units), once now() was called.
  double prior() const { return pair_.first; }

  void set(double temperature) { temperature_ = temperature; }
  /// Where T is; null if it is a variable.
  double *constant() { return variable_.empty() ? &temperature_ : nullptr; }

 private:
  double evaluate(Platform &platform, int every) const;
  void choose_pair(double temperature);

  double temperature_;
  std::string variable_;
  double wanted_prior_; // T0 that was asked for, or 0
  std::string model_file_;
  const nflow::Metadata &metadata_;          // of the model
  std::pair<double, double> pair_{0.0, 0.0}; // T0, T1 of a boltzmann prior
};

} // namespace LAMMPS_NS

#endif
