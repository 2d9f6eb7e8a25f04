#ifndef NFLOW_TESTS_FLOW_CHECKS_H
#define NFLOW_TESTS_FLOW_CHECKS_H

#include "base/random.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace nflow::tests {

/// Tensors of normals that depend on two numbers only.
struct Normals {
  uint32_t seed;
  torch::Tensor operator()(at::IntArrayRef shape, uint32_t number, double sigma = 1.0) const {
    auto values = torch::empty(shape, torch::kFloat64);
    RandomStream(seed, number, 0, Purpose::check)
        .fill_gaussian(values.data_ptr<double>(), values.numel(), sigma);
    return values;
  }
};

/// Takes a flow away from its start, where it does nearly nothing.
inline void perturb(torch::jit::Module &flow, const Normals &normal, double sigma) {
  torch::NoGradGuard no_gradient;
  uint32_t number = 100;
  for (auto parameter : flow.parameters())
    parameter.add_(normal(parameter.sizes(), number++, sigma).to(parameter.scalar_type()));
}

/// Points that a flow returned, and its log-dets.
struct Mapped {
  torch::Tensor points, log_det;
};

/// What a method of the contract returns at these k_B T of prior and target.
inline Mapped call(torch::jit::Module module, const char *method, const torch::Tensor &points,
                   const std::array<double, 2> &tau) {
  const auto both = torch::tensor({tau[0], tau[1]}, torch::kFloat64);
  const auto result = module.get_method(method)({points, both});
  return {result.toTupleRef().elements()[0].toTensor(),
          result.toTupleRef().elements()[1].toTensor()};
}

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

inline double largest_difference(const torch::Tensor &a, const torch::Tensor &b) {
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).abs().max().item<double>();
}

/// `map(method, points)` with the methods forward and inverse: each undoes the other to
/// `tolerances` of points (as `distance` sees them) and log-dets, and moves them by `least`.
template <class Map, class Distance>
void expect_inverses(const Map &map, const torch::Tensor &u, const Distance &distance,
                     const std::array<double, 2> &tolerances, double least) {
  for (const auto &[one, other] : {std::pair("forward", "inverse"), {"inverse", "forward"}}) {
    const Mapped there = map(one, u);
    const Mapped back = map(other, there.points);
    EXPECT_EQ(there.points.sizes(), u.sizes());
    EXPECT_EQ(there.points.scalar_type(), u.scalar_type());
    EXPECT_EQ(there.log_det.scalar_type(), torch::kFloat64);
    EXPECT_EQ(there.log_det.sizes(), (std::vector<int64_t>{u.size(0)}));
    EXPECT_LT(distance(back.points, u), tolerances[0]) << one;
    EXPECT_LT(largest_difference(there.log_det, -back.log_det), tolerances[1]) << one;
    EXPECT_GT(distance(there.points, u), least) << "the flow does something";
  }
}

/// The log-dets of both methods at each of these points are those of the derivative that autograd
/// finds.
template <class Map>
void expect_log_dets(const Map &map, const torch::Tensor &u, double tolerance) {
  for (const char *method : {"forward", "inverse"}) {
    const Mapped mapped = map(method, u);
    for (int64_t i = 0; i < u.size(0); i++)
      EXPECT_NEAR(
          mapped.log_det[i].template item<double>(),
          log_det_by_autograd([&](const torch::Tensor &in) { return map(method, in).points; },
                              u.slice(0, i, i + 1)),
          tolerance)
          << method;
  }
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
    RandomStream random(1, 0, 500 + i, Purpose::sample);
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
