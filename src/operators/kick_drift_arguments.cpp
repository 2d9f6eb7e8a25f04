#include "operators/kick_drift_arguments.h"

#include <algorithm>

namespace nflow::operators {

using torch::Tensor;

KickDriftLayout KickDriftArguments::layout() const {
  const auto count = static_cast<int64_t>(std::llround(std::sqrt(sigma.numel())));
  return {layers, count, spline_size};
}

KickDriftScales KickDriftArguments::scales() const {
  const double *t = tau.data_ptr<double>();
  return {t[0], t[1], step, kick, spline_unit};
}

void KickDriftArguments::check_shapes(const Tensor &points) const {
  TORCH_CHECK(points.dim() == 4 && points.size(1) == 2 &&
                  (points.size(3) == 2 || points.size(3) == 3),
              "kick_drift: points must be [B, 2, n, d] with d of 2 or 3");
  TORCH_CHECK(points.scalar_type() == torch::kFloat64 || points.scalar_type() == torch::kFloat32,
              "kick_drift takes points in float32 or float64");
  TORCH_CHECK(tau.numel() == 2 && tau.scalar_type() == torch::kFloat64,
              "kick_drift: tau must be float64 [2]");
  const auto shape = layout();
  TORCH_CHECK(layers >= 1 && spline_size >= 0 &&
                  sigma.numel() == shape.species_count * shape.species_count &&
                  epsilon.numel() == sigma.numel() && weights.numel() == shape.size(),
              "kick_drift: the weights are not of this number of layers and species");
  TORCH_CHECK(species.scalar_type() == torch::kInt64 && species.numel() == points.size(2) &&
                  box.numel() == points.size(3),
              "kick_drift: species must be int64 [n], box [d]");
  TORCH_CHECK(!masked() || (mask.scalar_type() == torch::kBool && mask.dim() == 2 &&
                            mask.size(0) == points.size(0) && mask.size(1) == points.size(2)),
              "kick_drift: mask must be empty or bool [B, n]");
}

void KickDriftArguments::check_values() const {
  const auto host = [](const Tensor &t, torch::ScalarType type) { return t.to(torch::kCPU, type); };
  const Tensor kinds = host(species, torch::kInt64);
  const int64_t *s = kinds.data_ptr<int64_t>(), count = layout().species_count;
  TORCH_CHECK(std::all_of(s, s + kinds.numel(), [&](int64_t i) { return i >= 0 && i < count; }),
              "kick_drift: a species is not from 0 to S - 1");
  const Tensor lengths = host(box, torch::kFloat64), sigmas = host(sigma, torch::kFloat64);
  const double *l = lengths.data_ptr<double>(), *first = sigmas.data_ptr<double>();
  const double reach = cutoff * *std::max_element(first, first + sigmas.numel());
  const double half = 0.5 * *std::min_element(l, l + lengths.numel());
  TORCH_CHECK(reach > 0.0 && reach <= half * (1.0 + 1e-6),
              "kick_drift: the cutoff is beyond half the box");
}

void KickDriftArguments::prepare(const Tensor &points) {
  check_shapes(points);
  for (Tensor *t : {&weights, &box, &sigma, &epsilon})
    *t = t->to(points.device(), points.scalar_type()).contiguous();
  for (Tensor *t : {&species, &mask}) *t = t->to(points.device()).contiguous();
  tau = tau.to(torch::kCPU).contiguous();
  check_values();
}

std::vector<double> KickDriftArguments::volume_factors(int64_t b, int64_t dim) const {
  std::vector<double> factors(layout().species_count, 0.0);
  const int64_t *s = species.data_ptr<int64_t>();
  const bool *mobile = mask_of(b);
  const auto sign = static_cast<double>(inverse ? -dim : dim);
  for (int64_t i = 0; i < species.numel(); i++)
    if (!mobile || mobile[i]) factors[s[i]] += sign;
  return factors;
}

} // namespace nflow::operators
