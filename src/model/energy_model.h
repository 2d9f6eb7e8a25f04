#ifndef NFLOW_ENERGY_MODEL_H
#define NFLOW_ENERGY_MODEL_H

#include "model/metadata.h"

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
  explicit EnergyModel(const std::string &file);
  ~EnergyModel();
  EnergyModel(const EnergyModel &) = delete;
  EnergyModel &operator=(const EnergyModel &) = delete;

  const Metadata &metadata() const;
  const std::string &file() const;

  /// Compares energy_and_gradient, if there is one, with autograd at one configuration x [n, d].
  /// Throws Error.
  void check_gradient(const double *x);

  /// U of `batch` configurations x [batch, n, d] into energy [batch].
  void energy(int64_t batch, const double *x, double *energy);
  /// U and dU/dx [batch, n, d].
  void energy_and_gradient(int64_t batch, const double *x, double *energy, double *gradient);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow

#endif
