#ifndef NFLOW_TRAINER_OBJECTIVES_FLOW_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_FLOW_OBJECTIVE_H

#include "architectures/flow_setting.h"
#include "trainer/objectives/objective.h"

#include <memory>

namespace at {
class Tensor;
}

namespace nflow::trainer {

class TrainedFlow;

/// What the objectives have alike: the flow that they train.
class FlowObjective : public Objective {
 public:
  ~FlowObjective() override;

  std::vector<double> parameters() const override;
  void set_parameters(const std::vector<double> &parameters) override;
  std::vector<double> constants() const override;
  void set_constants(const std::vector<double> &constants) override;
  Terms add_gradient(const Points &target, double ml_weight, const Points &prior, double kl_weight,
                     std::vector<double> &gradient) override;
  const FlowSetting &setting() const;
  Metadata metadata() const override;
  void save(const std::vector<double> &parameters, const Metadata &metadata,
            const std::string &file) override;

 protected:
  FlowObjective();
  /// The terms of the loss, of points of the target and of the prior: [count] float64.
  virtual at::Tensor ml(const Points &target) = 0;
  virtual at::Tensor kl(const Points &prior) = 0;

  std::unique_ptr<TrainedFlow> flow_; // that of the derived class, from its constructor on
};

} // namespace nflow::trainer

#endif
