#ifndef NFLOW_OPERATORS_KICK_DRIFT_ARGUMENTS_H
#define NFLOW_OPERATORS_KICK_DRIFT_ARGUMENTS_H

#include "operators/kick_drift_weights.h"

#include <torch/types.h>

#include <vector>

namespace nflow::operators {

/// The arguments of nflow::kick_drift but for the points (docs/flows.md), on any device.
struct KickDriftArguments {
  torch::Tensor weights, tau; // in the order of KickDriftLayout; float64 [2]
  int64_t layers, spline_size;
  double step, kick, spline_unit;
  torch::Tensor species, box, sigma, epsilon; // int64 [n], [d], [S, S], [S, S]
  double cutoff;
  torch::Tensor mask; // bool [B, n], or empty: all atoms move
  bool inverse;

  KickDriftLayout layout() const;
  KickDriftScales scales() const;
  bool masked() const { return mask.numel() > 0; }

  /// Checks shapes and values, and brings everything to the arithmetic and the device of the
  /// points, tau to the host. From another device the few numbers that are checked are copied to
  /// the host, which waits for it.
  void prepare(const torch::Tensor &points);

  /// What follows is for tensors on the CPU.
  template <class T>
  KickDriftParameters<T> parameters(const KickDriftNumbers<T> &numbers) const {
    KickDriftParameters<T> p;
    numbers.give(p);
    p.n = species.numel();
    p.cutoff = cutoff;
    p.species = species.data_ptr<int64_t>();
    p.box = box.data_ptr<T>();
    p.sigma = sigma.data_ptr<T>();
    p.epsilon = epsilon.data_ptr<T>();
    return p;
  }
  const bool *mask_of(int64_t b) const {
    return masked() ? mask.data_ptr<bool>() + b * species.numel() : nullptr;
  }
  /// Atoms of each species that move, times +-d: how often log_volume() is in log_det of point b.
  std::vector<double> volume_factors(int64_t b, int64_t dim) const;

 private:
  void check_shapes(const torch::Tensor &points) const;
  void check_values() const;
};

} // namespace nflow::operators

#endif
