#ifndef NFLOW_ARCHITECTURES_MODULE_ASSEMBLER_H
#define NFLOW_ARCHITECTURES_MODULE_ASSEMBLER_H

#include "architectures/flow_setting.h"
#include "base/random.h"

#include <torch/script.h>

#include <string>

namespace nflow {

/// What building any flow needs: tensors registered in the arithmetic of setting.dtype, and random
/// starting values, each parameter with a stream of its own.
class ModuleAssembler {
 public:
  explicit ModuleAssembler(const FlowSetting &setting)
      : o_(setting), type_(setting.dtype == "float32" ? torch::kFloat32 : torch::kFloat64) {}

 protected:
  void constant(torch::jit::Module &module, const std::string &name, const torch::Tensor &value) {
    module.register_buffer(name, value.to(type_));
  }
  void parameter(torch::jit::Module &module, const std::string &name, const torch::Tensor &value) {
    module.register_parameter(name, value.to(type_).set_requires_grad(true), false);
  }
  /// Normal numbers of standard deviation sigma.
  void random(torch::jit::Module &module, const std::string &name, at::IntArrayRef shape,
              double sigma) {
    auto value = torch::empty(shape, torch::kFloat64);
    RandomStream stream(o_.seed, 0, random_count_++, Purpose::initialisation);
    stream.fill_gaussian(value.data_ptr<double>(), value.numel(), sigma);
    parameter(module, name, value);
  }

  const FlowSetting o_;
  const torch::ScalarType type_;

 private:
  uint64_t random_count_ = 0;
};

} // namespace nflow

#endif
