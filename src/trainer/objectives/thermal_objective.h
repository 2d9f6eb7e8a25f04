#ifndef NFLOW_TRAINER_OBJECTIVES_THERMAL_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_THERMAL_OBJECTIVE_H

#include "architectures/flow_setting.h"
#include "trainer/energies/energy_source.h"
#include "trainer/objectives/objective.h"

#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

/// A flow between temperatures, with energies and forces from a source. With the work of a map
/// h_out - h_in - log_det, h = U/(k_B T) + |p|^2/2: L_ML is the mean work of the inverse from
/// samples of the target, L_KL that of the forward from samples of the prior; their sum bounds the
/// rejection of exchanges. LibTorch stays behind the PIMPL.
class ThermalObjective : public Objective {
 public:
  /// `precision` is the arithmetic of the training, `cap` the energy in k_B T above which pair
  /// energies are linearised in the loss.
  ThermalObjective(const FlowSetting &setting, const std::string &precision, double cap,
                   EnergySource &source);
  ~ThermalObjective() override;

  std::vector<double> parameters() const override;
  void set_parameters(const std::vector<double> &parameters) override;
  std::vector<double> constants() const override;
  void set_constants(const std::vector<double> &constants) override;
  Terms add_gradient(const Points &target, double ml_weight, const Points &prior, double kl_weight,
                     std::vector<double> &gradient) override;
  Works keep_works(const Points &target, const Points &prior) override;
  void add_gradient_of_kept(const Works &weights, std::vector<double> &gradient) override;
  const FlowSetting &setting() const;
  Metadata metadata() const override;
  void save(const std::vector<double> &parameters, const Metadata &metadata,
            const std::string &file) override;

  /// The works of the points of one side through the flow, with energies as the source has them;
  /// the configurations [count, n, d] that they become are appended to `mapped`, unless it is null.
  std::vector<double> works(const Points &points, bool forward,
                            std::vector<double> *mapped = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
