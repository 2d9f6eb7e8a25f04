#ifndef NFLOW_TESTS_FLOW_CHECKS_H
#define NFLOW_TESTS_FLOW_CHECKS_H

#include "mcmc/random.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <string>
#include <vector>

namespace nflow::tests {

/// ln|det| of the derivative of `map` at one point, by autograd.
template <class Map>
double log_det_by_autograd(const Map &map, const torch::Tensor &point) {
  auto in = point.clone().set_requires_grad(true);
  const auto out = map(in).flatten();
  std::vector<torch::Tensor> rows;
  for (int64_t i = 0; i < out.numel(); i++)
    rows.push_back(
        torch::autograd::grad({out[i]}, {in}, {}, true)[0].flatten().to(torch::kFloat64));
  return std::get<1>(torch::linalg_slogdet(torch::stack(rows))).template item<double>();
}

/// d loss / d parameter of every parameter, by autograd and by differences along a random
/// direction.
template <class Module, class Loss>
void expect_gradients_agree(const Module &flow, const Loss &loss, const std::string &what) {
  std::vector<torch::Tensor> parameters;
  for (const auto &parameter : flow.parameters()) parameters.push_back(parameter);
  const auto gradients = torch::autograd::grad({loss()}, parameters);
  torch::NoGradGuard no_gradient;
  for (size_t i = 0; i < parameters.size(); i++) {
    auto direction = torch::empty(parameters[i].sizes(), torch::kFloat64);
    mcmc::RandomStream random(1, 0, 500 + i, mcmc::Purpose::sample);
    random.fill_gaussian(direction.template data_ptr<double>(), direction.numel());
    const double h = 1e-6;
    const auto at = [&](double shift) {
      parameters[i].add_(direction, shift);
      const double value = loss().template item<double>();
      parameters[i].sub_(direction, shift);
      return value;
    };
    const double measured = (at(h) - at(-h)) / (2.0 * h);
    const double exact = (gradients[i] * direction).sum().template item<double>();
    EXPECT_NEAR(exact, measured, 1e-5 * (1.0 + std::fabs(exact))) << what << " " << i;
    EXPECT_GT(std::fabs(exact), 1e-9) << what << " " << i << " does nothing";
  }
}

} // namespace nflow::tests

#endif
