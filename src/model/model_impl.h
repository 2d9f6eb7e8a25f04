#ifndef NFLOW_MODEL_IMPL_H
#define NFLOW_MODEL_IMPL_H

#include "model/archive.h"
#include "model/model.h"

namespace nflow {

/// The LibTorch side of Model, shared by model.cpp and checks.cpp.
struct Model::Impl {
  std::string file;
  Metadata metadata;
  torch::jit::Module module; // frozen, on `device`
  torch::Device device{torch::kCPU};
  torch::ScalarType dtype = torch::kFloat64;

  struct Mapped {
    torch::Tensor points;  // [B, S, n, d], dtype of the model
    torch::Tensor log_det; // [B], float64
  };
  /// Calls "forward" or "inverse" and checks the types and shapes of what comes back. Throws Error.
  Mapped call(const char *method, const torch::Tensor &points, double tau_prior, double tau_target);
  /// Host doubles to a tensor of the model, always a copy: a model may write to its argument.
  torch::Tensor to_tensor(int64_t batch, const double *points) const;
  /// The same for host results.
  void run(const char *method, int64_t batch, const double *in, double tau_prior, double tau_target,
           double *out, double *log_det);
};

} // namespace nflow

#endif
