#ifndef NFLOW_MODEL_ENERGY_MODEL_H
#define NFLOW_MODEL_ENERGY_MODEL_H

#include "model/model.h"

#include <memory>
#include <string>

namespace nflow {

/// A potential from a TorchScript archive of format "nflow-energy":
///     energy(x: Tensor[B, n, d]) -> Tensor[B]
/// and, optionally, the same with its analytic gradient (faster than autograd; checked against it):
///     energy_and_gradient(x: Tensor[B, n, d]) -> (Tensor[B], Tensor[B, n, d])
class EnergyModel {
 public:
  /// Loads and validates `file`; compares energy_and_gradient, if there is one, with autograd.
  /// `device`: "cpu" or "cuda:i". A file that calls operators of ours runs on the CPU in any case.
  explicit EnergyModel(const std::string &file, const std::string &device = "cpu");
  ~EnergyModel();
  EnergyModel(const EnergyModel &) = delete;
  EnergyModel &operator=(const EnergyModel &) = delete;

  const Metadata &metadata() const;
  const std::string &file() const;
  std::string device() const;

  /// Compares energy_and_gradient, if there is one, with autograd at one configuration x [n, d].
  /// Throws Error.
  void check_gradient(const double *x);

  /// U of `batch` configurations x [batch, n, d], in `memory`, into energy [batch], on the host.
  void energy(int64_t batch, const double *x, double *energy, Memory memory = Memory::host);
  /// U, on the host, and dU/dx [batch, n, d]; x and the gradient are in `memory`. Device memory
  /// must be of the device of this, and nothing may still be working on it; when this returns, all
  /// of the work is done.
  void energy_and_gradient(int64_t batch, const double *x, double *energy, double *gradient,
                           Memory memory = Memory::host);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow

#endif
