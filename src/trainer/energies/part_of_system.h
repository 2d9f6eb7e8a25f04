#ifndef NFLOW_TRAINER_ENERGIES_PART_OF_SYSTEM_H
#define NFLOW_TRAINER_ENERGIES_PART_OF_SYSTEM_H

#include "files/dump_reader.h"
#include "trainer/energies/energy_source.h"

#include <memory>

namespace nflow::trainer {

/// Some atoms of a system, and the leading components of their positions, in the presence of the
/// rest, which stays.
class PartOfSystem : public EnergySource {
 public:
  /// The atoms of `samples` by their IDs; `positions` [n, d] of all atoms of `whole`. Throws Error
  /// where atoms, types or components of the samples are not those of the system.
  PartOfSystem(std::unique_ptr<EnergySource> whole, std::vector<double> positions,
               const Samples &samples);

  const System &system() const override { return system_; }
  const std::vector<int64_t> &ids() const override { return ids_; }
  void evaluate(int64_t count, const double *x, double *energies, double *forces) override;
  void evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                           double *forces) override;
  Molecule molecule(const std::vector<int64_t> &ids) const override {
    return whole_->molecule(ids);
  }
  std::string name() const override { return whole_->name(); }
  std::pair<std::string, std::string> provenance() const override { return whole_->provenance(); }

 private:
  template <class Evaluate>
  void one_by_one(int64_t count, const double *x, double *forces, const Evaluate &evaluate);

  std::unique_ptr<EnergySource> whole_;
  System system_;
  std::vector<int64_t> ids_;
  std::vector<size_t> places_; // of each coordinate, in those of the whole
  std::vector<double> positions_, forces_;
};

} // namespace nflow::trainer

#endif
