#ifndef NFLOW_ARCHITECTURES_MODULE_ASSEMBLER_H
#define NFLOW_ARCHITECTURES_MODULE_ASSEMBLER_H

#include "architectures/flow_setting.h"
#include "base/random.h"

#include <torch/script.h>

#include <cmath>
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
  /// The hidden layers of a multilayer perceptron, weight_0, bias_0, ..
  void add_hidden_layers(torch::jit::Module &module, int64_t in, int64_t width, int depth) {
    for (int layer = 0; layer < depth; layer++) {
      const auto number = std::to_string(layer);
      const int64_t inputs = layer == 0 ? in : width;
      random(module, "weight_" + number, {inputs, width}, 1.0 / std::sqrt(inputs));
      random(module, "bias_" + number, {width}, 0.5);
    }
  }

  const FlowSetting o_;
  const torch::ScalarType type_;

 private:
  uint64_t random_count_ = 0;
};

} // namespace nflow

#endif
