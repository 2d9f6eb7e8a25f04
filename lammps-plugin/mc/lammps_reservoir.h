#ifndef NFLOW_LAMMPS_RESERVOIR_H
#define NFLOW_LAMMPS_RESERVOIR_H

#include "arrays/memory.h"
#include "flow/target.h"
#include "mcmc/moves/move.h"
#include "model/metadata.h"
#include "pointers.h"

#include <memory>
#include <mpi.h>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// Fills the reservoir of a move, configurations at T0: read from LAMMPS dumps on the root and
/// given to all ranks, compared with the simulation, their energies and their temperature found by
/// LAMMPS.
class LammpsReservoir : protected Pointers {
 public:
  /// Reads the file of `frames`, which are those that the moves draw from, into them. Throws
  /// nflow::Error on every rank with what is wrong with it. `arrays` is the memory of the targets.
  LammpsReservoir(LAMMPS *lmp, std::shared_ptr<nflow::mcmc::Reservoir> frames, int64_t dim,
                  nflow::Arrays &arrays);

  /// Throws nflow::Error unless the atoms, types, box, boundaries and units of the file are those
  /// of the simulation.
  void require_match(const std::vector<tagint> &ids, const nflow::System &system);
  /// Energies of all configurations, unless those of some are what they were; then checks the
  /// temperature (in temperature units; tau = k_B T) against the mean energy that the model's
  /// provenance has for it, and by the configurational temperature. Leaves the atoms at some
  /// configuration of the reservoir. Throws nflow::Error.
  void evaluate(nflow::Target &target, const nflow::Metadata &metadata, double temperature,
                double tau);
  /// Throws nflow::Error unless so many more configurations still have the energies that evaluate()
  /// found. Leaves the atoms there.
  void require_unchanged(nflow::Target &target, int64_t frames);

 private:
  double energy(nflow::Target &target, const double *x);
  bool has_energy(nflow::Target &target, int64_t frame);
  bool unchanged(nflow::Target &target);
  void require_mean_energy(const nflow::Metadata &metadata, double temperature) const;
  void require_configurational_temperature(nflow::Target &target, double temperature, double tau);
  std::string described() const { return "the reservoir '" + frames_->file + "'"; }
  int64_t count() const { return static_cast<int64_t>(frames_->x.size()) / numbers_; }

  int64_t compared_ = 0;      // configurations by require_unchanged()
  int64_t dim_, numbers_ = 0; // of coordinates of one configuration
  std::vector<tagint> ids_;
  nflow::System system_;
  std::shared_ptr<nflow::mcmc::Reservoir> frames_;
  nflow::Buffer<double> x_, forces_; // of one configuration, where the target is
};

} // namespace LAMMPS_NS

#endif
