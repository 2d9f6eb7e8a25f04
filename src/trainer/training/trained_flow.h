#ifndef NFLOW_TRAINER_TRAINING_TRAINED_FLOW_H
#define NFLOW_TRAINER_TRAINING_TRAINED_FLOW_H

#include "architectures/flow_builder.h"
#include "trainer/data/points.h"

#include <string>
#include <vector>

namespace nflow::trainer {

/// The flow under training, in the arithmetic of the training, beside its twin in the arithmetic of
/// the saved model. Includes LibTorch: for the objectives only.
class TrainedFlow {
 public:
  TrainedFlow(const FlowSetting &setting, const std::string &precision);

  const FlowSetting &setting() const { return setting_; }
  int64_t slots() const { return slots_; }
  torch::jit::Module &saved() { return saved_; }
  /// Takes over parameters and buffers of saved().
  void follow_saved();

  std::vector<double> parameters() const;
  void set_parameters(const std::vector<double> &parameters);
  std::vector<double> constants() const;
  void set_constants(const std::vector<double> &constants);

  torch::Tensor tensor(const Points &points) const;
  struct Mapped {
    torch::Tensor points, log_det;
  };
  /// "forward" or "inverse" at tau [2].
  Mapped call(const char *method, const torch::Tensor &points, const torch::Tensor &tau);
  /// Adds d loss / d parameters to `gradient`.
  void add_gradient(const torch::Tensor &loss, std::vector<double> &gradient) const;
  void save(const std::vector<double> &parameters, const Metadata &metadata,
            const std::string &file);

 private:
  FlowSetting setting_;
  torch::ScalarType dtype_;
  int64_t slots_;
  torch::jit::Module flow_, saved_;
  std::vector<torch::Tensor> parameters_;
};

} // namespace nflow::trainer

#endif
