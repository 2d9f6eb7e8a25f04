#include "trainer/objectives/source_energy.h"

#include <cmath>

namespace nflow::trainer {

namespace {

class SourceEnergy : public torch::autograd::Function<SourceEnergy> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext *context, const torch::Tensor &x,
                               EnergySource *source, double cap) {
    const auto positions = x.contiguous();
    auto energies = torch::empty({x.size(0)}, torch::kFloat64);
    auto forces = torch::empty_like(positions);
    const int64_t count = x.size(0);
    const double *from = positions.data_ptr<double>();
    if (std::isfinite(cap))
      source->evaluate_linearised(cap, count, from, energies.data_ptr<double>(),
                                  forces.data_ptr<double>());
    else
      source->evaluate(count, from, energies.data_ptr<double>(), nullptr);
    context->save_for_backward({forces});
    return energies;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                 torch::autograd::variable_list gradients) {
    const auto forces = context->get_saved_variables()[0];
    return {-forces * gradients[0].view({-1, 1, 1}), torch::Tensor(), torch::Tensor()};
  }
};

} // namespace

at::Tensor source_energy(const at::Tensor &x, EnergySource &source, double cap) {
  return SourceEnergy::apply(x, &source, cap);
}

} // namespace nflow::trainer
