#ifndef NFLOW_ARCHITECTURES_GAUSSIAN_H
#define NFLOW_ARCHITECTURES_GAUSSIAN_H

#include "architectures/architecture.h"

namespace nflow {

/// The architectures with a gaussian prior, tsf and rnvp: a linear map to the coordinates of the
/// target behind couplings, with multilayer perceptrons or in the structured form. With auxiliary
/// momenta, couplings change coordinates given momenta and momenta given coordinates and preserve
/// the volume; without, one half of the coordinates given the other. The sources are flow_NAME and
/// coupling_NAME.
class GaussianArchitecture : public Architecture {
 public:
  using Architecture::Architecture;

  std::vector<OptionText> options() const override;
  std::vector<std::string> operators(const FlowSetting &setting) const override;
  torch::jit::Module build(const FlowSetting &setting) const override;
  void initialise(torch::jit::Module &flow, const FlowSetting &setting,
                  const at::Tensor &data) const override;
  std::string describe(const FlowSetting &setting) const override;
};

} // namespace nflow

#endif
