#ifndef NFLOW_LAMMPS_RESERVOIR_H
#define NFLOW_LAMMPS_RESERVOIR_H

#include "flow/target.h"
#include "mcmc/proposal_block.h"
#include "model/metadata.h"
#include "pointers.h"

#include <memory>
#include <mpi.h>
#include <string>
#include <vector>

namespace LAMMPS_NS {

/// The configurations at T0 of `move mapped`: read from LAMMPS dumps on the root and given to all
/// ranks, compared with the simulation, their energies and their temperature found by LAMMPS.
class LammpsReservoir : protected Pointers {
 public:
  /// Reads the dump. Throws nflow::Error on every rank with what is wrong with it. `arrays` is the
  /// memory of the targets.
  LammpsReservoir(LAMMPS *lmp, const std::string &file, int64_t dim, nflow::Arrays &arrays);

  /// Throws nflow::Error unless the atoms, types, box, boundaries and units of the file are those
  /// of the simulation.
  void require_match(const std::vector<tagint> &ids, const nflow::System &system);
  /// Energies of all configurations, unless those of some are what they were; then checks the
  /// temperature (in temperature units; tau = k_B T) against the mean energy that the model's
  /// provenance has for it, and by the configurational temperature. Leaves the atoms at some
  /// configuration of the reservoir. Throws nflow::Error.
  void evaluate(nflow::Target &target, const nflow::Metadata &metadata, double temperature,
                double tau);
  /// What the moves draw from; filled by evaluate().
  std::shared_ptr<const nflow::mcmc::Reservoir> frames() const { return frames_; }

 private:
  double energy(nflow::Target &target, const double *x);
  bool unchanged(nflow::Target &target);
  void require_mean_energy(const nflow::Metadata &metadata, double temperature) const;
  void require_configurational_temperature(nflow::Target &target, double temperature, double tau);
  std::string described() const { return "the reservoir '" + file_ + "'"; }
  int64_t count() const { return static_cast<int64_t>(frames_->x.size()) / numbers_; }

  std::string file_;
  int64_t dim_, numbers_ = 0; // of coordinates of one configuration
  std::vector<tagint> ids_;
  nflow::System system_;
  std::shared_ptr<nflow::mcmc::Reservoir> frames_;
  nflow::Buffer<double> x_, forces_; // of one configuration, where the target is
};

} // namespace LAMMPS_NS

#endif
