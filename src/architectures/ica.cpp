#include "architectures/ica.h"

#include "base/error.h"
#include "base/random.h"

namespace nflow {

namespace {

constexpr int64_t most_samples = 20000; // more do not sharpen the start of a training
constexpr int most_iterations = 200;

/// (W W^T)^(-1/2) W: the orthogonal matrix nearest to W.
torch::Tensor nearest_orthogonal(const torch::Tensor &w) {
  const auto [values, vectors] = torch::linalg_eigh(torch::mm(w, w.t()));
  return torch::mm(vectors * values.rsqrt(), vectors.t()).mm(w);
}

torch::Tensor random_orthogonal(int64_t size, uint32_t seed) {
  auto w = torch::empty({size, size}, torch::kFloat64);
  // Attempt 2^32: apart from the streams of the flow's parameters.
  RandomStream stream(seed, 0, 1ull << 32, Purpose::initialisation);
  stream.fill_gaussian(w.data_ptr<double>(), w.numel());
  return nearest_orthogonal(w);
}

/// The rotation of white data [N, D] to independent components.
torch::Tensor unmixing_rotation(const torch::Tensor &white, uint32_t seed) {
  auto w = random_orthogonal(white.size(1), seed);
  for (int i = 0; i < most_iterations; i++) {
    const auto g = torch::tanh(torch::mm(white, w.t()));
    const auto slope = (1.0 - g * g).mean(0);
    const auto next =
        nearest_orthogonal(torch::mm(g.t(), white) / white.size(0) - slope.unsqueeze(1) * w);
    const double change = (1.0 - (next * w).sum(1).abs()).abs().max().item<double>();
    w = next;
    if (change < 1e-7) break;
  }
  return w;
}

} // namespace

torch::Tensor independent_components(const torch::Tensor &data, uint32_t seed) {
  const auto covariance = torch::mm(data.t(), data) / data.size(0);
  const auto [values, vectors] = torch::linalg_eigh(covariance);
  if (!(values.min().item<double>() > 1e-12 * values.max().item<double>()))
    throw Error(
        "the data do not vary in some coordinate, or in some combination of coordinates: give "
        "more samples, remove what is fixed, or train with --plain");
  const auto deviation = values.sqrt();
  const int64_t stride = (data.size(0) + most_samples - 1) / most_samples;
  const auto sample = data.slice(0, 0, data.size(0), stride);
  const auto rotation = unmixing_rotation(torch::mm(sample, vectors / deviation), seed);
  return torch::mm(vectors * deviation, rotation.t());
}

} // namespace nflow
