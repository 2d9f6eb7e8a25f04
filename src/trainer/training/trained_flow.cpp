#include "trainer/training/trained_flow.h"

#include "model/archive.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

namespace nflow::trainer {

namespace {

torch::ScalarType dtype_of(const std::string &name) {
  return name == "float32" ? torch::kFloat32 : torch::kFloat64;
}

/// Copies between a module's tensors and one flat vector, as double.
template <class List>
std::vector<double> flattened(const List &tensors) {
  std::vector<double> flat;
  for (const torch::Tensor &tensor : tensors) {
    const auto values = tensor.detach().to(torch::kFloat64).contiguous();
    flat.insert(flat.end(), values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
  }
  return flat;
}

template <class List>
void unflatten(const std::vector<double> &flat, const List &tensors) {
  torch::NoGradGuard no_gradient;
  const double *at = flat.data();
  for (const torch::Tensor &tensor : tensors) {
    // copy_ converts; from_blob only looks.
    tensor.copy_(torch::from_blob(const_cast<double *>(at), tensor.sizes(), torch::kFloat64));
    at += tensor.numel();
  }
}

} // namespace

TrainedFlow::TrainedFlow(const FlowSetting &setting, const std::string &precision)
    : setting_(setting), dtype_(dtype_of(precision)), slots_(flow_metadata(setting).slots()) {
  // The profiling executor specialises every shape anew and gains nothing at these sizes.
  torch::jit::setGraphExecutorOptimize(false);
  saved_ = build_flow(setting);
  auto trained = setting;
  trained.dtype = precision;
  flow_ = build_flow(trained);
  for (const auto &parameter : flow_.parameters()) parameters_.push_back(parameter);
  set_parameters(parameters());
}

void TrainedFlow::follow_saved() {
  unflatten(flattened(saved_.parameters()), flow_.parameters());
  unflatten(flattened(saved_.buffers()), flow_.buffers());
}

std::vector<double> TrainedFlow::parameters() const {
  return flattened(saved_.parameters());
}

void TrainedFlow::set_parameters(const std::vector<double> &parameters) {
  unflatten(parameters, parameters_);
}

std::vector<double> TrainedFlow::constants() const {
  return flattened(saved_.buffers());
}

void TrainedFlow::set_constants(const std::vector<double> &constants) {
  unflatten(constants, saved_.buffers());
  unflatten(constants, flow_.buffers());
}

torch::Tensor TrainedFlow::tensor(const Points &points) const {
  return torch::from_blob(const_cast<double *>(points.values.data()),
                          {points.count, slots_, setting_.n_atoms, setting_.dim}, torch::kFloat64)
      .to(dtype_);
}

TrainedFlow::Mapped TrainedFlow::call(const char *method, const torch::Tensor &points,
                                      const torch::Tensor &tau) {
  const auto result = flow_.get_method(method)({points, tau});
  const auto &pair = result.toTupleRef().elements();
  return {pair[0].toTensor(), pair[1].toTensor()};
}

void TrainedFlow::add_gradient(const torch::Tensor &loss, std::vector<double> &gradient) const {
  if (!loss.requires_grad()) return;
  const auto gradients = torch::autograd::grad({loss}, parameters_, {}, c10::nullopt, false, true);
  double *at = gradient.data();
  for (size_t i = 0; i < gradients.size(); i++) {
    const int64_t count = parameters_[i].numel();
    if (gradients[i].defined()) {
      const auto values = gradients[i].to(torch::kFloat64).contiguous();
      const double *from = values.data_ptr<double>();
      for (int64_t k = 0; k < count; k++) at[k] += from[k];
    }
    at += count;
  }
}

void TrainedFlow::save(const std::vector<double> &parameters, const Metadata &metadata,
                       const std::string &file) {
  unflatten(parameters, saved_.parameters());
  auto module = saved_.clone();
  for (auto parameter : module.parameters()) parameter.set_requires_grad(false);
  module.eval();
  save_archive(module, metadata, file);
}

} // namespace nflow::trainer
