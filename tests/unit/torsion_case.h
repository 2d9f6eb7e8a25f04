#ifndef NFLOW_TESTS_TORSION_CASE_H
#define NFLOW_TESTS_TORSION_CASE_H

#include "architectures/torsion_density.h"
#include "support/flow_checks.h"

#include <torch/script.h>

#include <cmath>
#include <vector>

namespace nflow::tests {

constexpr double pi = 3.14159265358979323846;

/// A module with nothing but a density of torsions, called from C++.
class Torsions {
 public:
  explicit Torsions(const TorsionTables &tables) : module_("__torch__.torsions") {
    add_torsion_density(module_, tables);
  }
  const torch::jit::Module &module() const { return module_; }
  Mapped forward(const torch::Tensor &u, double kT) { return run("torsions_forward", u, {kT}); }
  Mapped inverse(const torch::Tensor &phi, double kT) { return run("torsions_inverse", phi, {kT}); }
  Mapped transport(const torch::Tensor &phi, double from, double to) {
    return run("torsions_transport", phi, {from, to});
  }
  /// ln p(phi) at kT, by what the inverse says.
  torch::Tensor log_density(const torch::Tensor &phi, double kT) {
    const auto [u, log_det] = inverse(phi, kT);
    const torch::Tensor log_normal = -0.5 * u * u / kT - 0.5 * std::log(2.0 * pi * kT);
    return log_normal.sum(1) + log_det;
  }

 private:
  Mapped run(const char *method, const torch::Tensor &points, const std::vector<double> &kTs) {
    std::vector<c10::IValue> arguments{points};
    for (const double kT : kTs) arguments.emplace_back(torch::full({}, kT, torch::kFloat64));
    const auto result = module_.get_method(method)(arguments);
    return {result.toTupleRef().elements()[0].toTensor(),
            result.toTupleRef().elements()[1].toTensor()};
  }

  torch::jit::Module module_;
};

/// Middles of the bins of all K^m cells [K^m, m], the last torsion the fastest.
inline torch::Tensor cells(int64_t bins, int64_t torsions) {
  const auto middle = torch::arange(bins, torch::kFloat64) * (2.0 * pi / bins) - pi;
  const auto all = torch::meshgrid(std::vector<torch::Tensor>(torsions, middle), "ij");
  std::vector<torch::Tensor> columns;
  for (const auto &grid : all) columns.push_back(grid.flatten());
  return torch::stack(columns, 1);
}

/// The cell of each point, as cells() counts them.
inline torch::Tensor cell_of(const torch::Tensor &phi, int64_t bins) {
  auto cell = torch::zeros({phi.size(0)}, torch::kInt64);
  for (int64_t i = 0; i < phi.size(1); i++)
    cell = cell * bins +
           torch::remainder(torch::floor((phi.select(1, i) + pi) * (bins / (2.0 * pi)) + 0.5), bins)
               .to(torch::kInt64);
  return cell;
}

} // namespace nflow::tests

#endif
