#ifndef NFLOW_TRAINER_ENERGIES_FILE_ENERGY_H
#define NFLOW_TRAINER_ENERGIES_FILE_ENERGY_H

#include "model/energy_model.h"
#include "trainer/energies/energy_source.h"

namespace nflow::trainer {

/// Energies and forces from a TorchScript energy file, many configurations at a time.
class FileEnergy : public EnergySource {
 public:
  /// Loads and checks `file`. Throws Error, also where it is of other units than `units`.
  FileEnergy(const std::string &file, const std::string &units);

  const System &system() const override { return system_; }
  const std::vector<int64_t> &ids() const override { return any_; }
  void evaluate(int64_t count, const double *x, double *energies, double *forces) override;
  void evaluate_linearised(double cap, int64_t count, const double *x, double *energies,
                           double *forces) override;
  std::string name() const override { return "energy file '" + model_.file() + "'"; }
  std::pair<std::string, std::string> provenance() const override {
    return {"energy", model_.file()};
  }

 private:
  EnergyModel model_;
  System system_;
  const std::vector<int64_t> any_;
};

} // namespace nflow::trainer

#endif
