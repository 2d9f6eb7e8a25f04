#include "architectures/gaussian.h"
#include "architectures/ica.h"
#include "architectures/shared_options.h"
#include "base/error.h"

#include <torch/script.h>

#include <cmath>

namespace nflow {

namespace {

void set(torch::jit::Module &flow, const std::string &name, const torch::Tensor &value) {
  torch::NoGradGuard no_gradient;
  flow.attr(name).toTensor().copy_(value);
}

/// M = A / |det A|^(1/D) as P L U into the mixing's parameters; returns ln |det A| / D.
double set_mixing(torch::jit::Module &flow, const torch::Tensor &a) {
  const double log_spread =
      std::get<1>(torch::linalg_slogdet(a)).item<double>() / static_cast<double>(a.size(0));
  const auto [p, l, u] = torch::linalg_lu(a / std::exp(log_spread));
  set(flow, "permutation", p);
  set(flow, "lower", l.tril(-1));
  set(flow, "upper", u.triu(1));
  set(flow, "diagonal_sign", u.diagonal().sign());
  set(flow, "log_diagonal", u.diagonal().abs().log());
  return log_spread;
}

/// ln|det| of the constant scales, from their values as they are stored (float32 rounds them).
void set_log_unit(torch::jit::Module &flow, int64_t size) {
  const auto stored = [&](const char *name) {
    return flow.attr(name).toTensor().to(torch::kFloat64).log().expand({size}).sum();
  };
  set(flow, "log_unit", stored("spread") - stored("thermal"));
}

} // namespace

void GaussianArchitecture::initialise(torch::jit::Module &flow, const FlowSetting &setting,
                                      const torch::Tensor &data) const {
  torch::NoGradGuard no_gradient;
  const auto x = data.to(torch::kFloat64).flatten(1);
  const int64_t size = x.size(1);
  if (x.size(0) < 2)
    throw Error("a flow needs at least 2 samples to start from: give more frames in --data");
  const auto mean = x.mean(0);
  const auto centred = x - mean;
  set(flow, "mean", mean);
  if (options::structured(setting)) {
    const double log_spread = set_mixing(flow, independent_components(centred, setting.seed));
    set(flow, "spread", torch::full({}, std::exp(log_spread), torch::kFloat64));
  } else {
    const auto deviation = centred.square().mean(0).sqrt();
    if (!(deviation.min().item<double>() > 1e-12 * deviation.max().item<double>()))
      throw Error(
          "a coordinate does not vary in the data: give more samples, or remove the atoms or "
          "components that are fixed");
    set(flow, "spread", deviation);
  }
  set_log_unit(flow, size);
}

} // namespace nflow
