#ifndef NFLOW_TRAINER_OBJECTIVES_THERMAL_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_THERMAL_OBJECTIVE_H

#include "architectures/flow_setting.h"
#include "trainer/energies/energy_source.h"
#include "trainer/objectives/flow_objective.h"

#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

/// A flow between temperatures, with energies and forces from a source. With the work of a map
/// h_out - h_in - log_det, h = U/(k_B T) + |p|^2/2: L_ML is the mean work of the inverse from
/// samples of the target, L_KL that of the forward from samples of the prior; their sum bounds the
/// rejection of exchanges. LibTorch stays behind the PIMPL.
class ThermalObjective : public FlowObjective {
 public:
  /// `precision` is the arithmetic of the training, `cap` the energy in k_B T above which pair
  /// energies are linearised in the loss.
  ThermalObjective(const FlowSetting &setting, const std::string &precision, double cap,
                   EnergySource &source);
  ~ThermalObjective() override;

  Works keep_works(const Points &target, const Points &prior) override;
  void add_gradient_of_kept(const Works &weights, std::vector<double> &gradient) override;
  Metadata metadata() const override;

  /// The works of the points of one side through the flow, with energies as the source has them;
  /// the configurations [count, n, d] that they become are appended to `mapped`, unless it is null.
  std::vector<double> works(const Points &points, bool forward,
                            std::vector<double> *mapped = nullptr);

 private:
  at::Tensor ml(const Points &target) override;
  at::Tensor kl(const Points &prior) override;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
