#ifndef NFLOW_TESTS_KICK_DRIFT_CASE_H
#define NFLOW_TESTS_KICK_DRIFT_CASE_H

// Arguments of the operator nflow::kick_drift to test it with.

#include "base/random.h"
#include "operators/kick_drift_weights.h"

#include <torch/script.h>

#include <cmath>
#include <vector>

namespace nflow::tests {

inline torch::Tensor uniform(at::IntArrayRef shape, uint32_t number, double low, double high) {
  auto values = torch::empty(shape, torch::kFloat64);
  nflow::RandomStream stream(5, number, 0, nflow::Purpose::check);
  for (int64_t i = 0; i < values.numel(); i++)
    values.data_ptr<double>()[i] = low + (high - low) * stream.uniform();
  return values;
}

struct Mapped {
  torch::Tensor points, log_det;
};

inline Mapped unpack(const c10::IValue &result) {
  const auto &pair = result.toTupleRef().elements();
  return {pair[0].toTensor(), pair[1].toTensor()};
}

/// Points and weights of three species; atoms on a jittered lattice, images anywhere.
struct KickDriftCase {
  std::vector<torch::Tensor> differentiable; // points and weights
  int64_t layers = 3, spline_size;
  torch::Tensor tau, species, box, sigma, epsilon, mask;
  double step = 0.015, kick = 0.018, spline_unit = 1.3, cutoff = 2.5;

  KickDriftCase(int64_t n, int64_t d, double length, int64_t splines = 16, int64_t batch = 2,
                double noise = 0.55)
      : spline_size(splines) {
    const auto side = static_cast<int64_t>(std::ceil(std::pow(n, 1.0 / d)));
    auto x = uniform({batch, n, d}, 1, 0.0, noise);
    for (int64_t i = 0; i < n; i++)
      for (int64_t k = 0, cell = i; k < d; k++, cell /= side)
        x.select(1, i).select(1, k) += static_cast<double>(cell % side);
    x = x * (length / side) + length * uniform({batch, n, d}, 2, -2.0, 3.0).floor();
    const nflow::operators::KickDriftLayout layout{layers, 3, splines};
    differentiable = {torch::stack({x, uniform({batch, n, d}, 3, -1.5, 1.5)}, 1),
                      uniform({layout.size()}, 4, -0.5, 0.5)};
    differentiable[1].slice(0, layout.splines()) *= 6.0;
    tau = torch::tensor({0.6, 0.45}, torch::kFloat64);
    species = uniform({n}, 10, 0.0, 3.0).floor().clamp_max(2.0).to(torch::kInt64);
    box = torch::full({d}, length, torch::kFloat64);
    sigma = torch::tensor({1.0, 0.8, 0.9, 0.8, 0.88, 0.8, 0.9, 0.8, 0.94}, torch::kFloat64)
                .view({3, 3});
    epsilon = torch::tensor({1.0, 1.5, 0.75, 1.5, 0.5, 1.5, 0.75, 1.5, 0.75}, torch::kFloat64)
                  .view({3, 3});
    mask = torch::zeros({0}, torch::kBool);
  }
  KickDriftCase &masked() {
    const auto &points = differentiable[0];
    mask = uniform({points.size(0), points.size(2)}, 11, 0.0, 1.0) < 0.4;
    return *this;
  }

  /// All arguments in the order of the operator's schema.
  std::vector<c10::IValue> stack(bool inverse) const {
    return {differentiable[0],
            differentiable[1],
            tau,
            layers,
            spline_size,
            step,
            kick,
            spline_unit,
            species,
            box,
            sigma,
            epsilon,
            cutoff,
            mask,
            inverse};
  }
};

inline Mapped call_operator(const KickDriftCase &a, bool inverse) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("nflow::kick_drift", "");
  auto stack = a.stack(inverse);
  op.callBoxed(&stack);
  return {stack[0].toTensor(), stack[1].toTensor()};
}

inline double relative(const torch::Tensor &a, const torch::Tensor &b) {
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-300)).item<double>();
}

} // namespace nflow::tests

#endif
