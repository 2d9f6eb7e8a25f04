// torch.ops.nflow.gb_obc: generalised Born with a surface term as a LibTorch operator, with its
// analytic gradient, and a version for devices other than the CPU.
#include "operators/gb_obc_arguments.h"
#include "operators/operator_versions.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/types.h>

#include <tuple>

namespace nflow {

namespace {

using namespace operators;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Arguments = GbObcArguments;
using EnergyAndGradient = std::tuple<Tensor, Tensor>;

EnergyAndGradient run(Arguments &a, const Tensor &points) {
  thread_local GbObc model;
  a.prepare(points);
  const Tensor in = points.contiguous();
  const int64_t batch = in.size(0), n = in.size(1);
  Tensor energy = torch::empty({batch}, in.options());
  Tensor gradient = a.with_gradient ? torch::empty_like(in) : torch::empty({0}, in.options());
  model.set(n, a.radius.data_ptr<double>(), a.scale.data_ptr<double>(), a.charge.data_ptr<double>(),
            a.numbers());
  const double *x = in.data_ptr<double>();
  double *const to = a.with_gradient ? gradient.data_ptr<double>() : nullptr;
  for (int64_t b = 0; b < batch; b++)
    energy.data_ptr<double>()[b] = model.energy(x + b * 3 * n, to ? to + b * 3 * n : nullptr);
  return {energy, gradient};
}

/// The energy may be differentiated once, the gradient that is given beside it not at all.
class GbObcFunction : public torch::autograd::Function<GbObcFunction> {
 public:
  static variable_list forward(AutogradContext *context, const Tensor &points, Arguments a) {
    at::AutoDispatchBelowADInplaceOrView below;
    const bool wanted = std::exchange(a.with_gradient, true);
    const auto [energy, gradient] = run(a, points);
    context->save_for_backward({gradient.clone()});
    const Tensor given = wanted ? gradient : torch::empty({0}, points.options());
    context->mark_non_differentiable({given});
    return {energy, given};
  }

  static variable_list backward(AutogradContext *context, variable_list outputs) {
    const torch::NoGradGuard once;
    const Tensor gradient = context->get_saved_variables()[0];
    if (!outputs[0].defined()) return {torch::zeros_like(gradient), Tensor()};
    return {outputs[0].view({-1, 1, 1}) * gradient, Tensor()};
  }
};

struct Energy {
  using Arguments = nflow::Arguments;
  static EnergyAndGradient run(Arguments &a, const Tensor &points, Tensor *) {
    return nflow::run(a, points);
  }
  static EnergyAndGradient of_tensors(const Tensor &points, Arguments a) {
    return gb_obc_tensors(std::move(a), points);
  }
  static EnergyAndGradient differentiable(const Tensor &points, const Arguments &a) {
    const auto results = GbObcFunction::apply(points, a);
    return {results[0], results[1]};
  }
};
using Versions = OperatorVersions<Energy>;

/// A version of the operator with the signature of its schema.
template <EnergyAndGradient (*version)(const Tensor &, Arguments)>
EnergyAndGradient gb_obc(const Tensor &points, const Tensor &radius, const Tensor &scale,
                         const Tensor &charge, const Tensor &constants, bool with_gradient) {
  return version(points, {radius, scale, charge, constants, with_gradient});
}

} // namespace

} // namespace nflow

TORCH_LIBRARY_FRAGMENT(nflow, library) {
  library.def("gb_obc(Tensor points, Tensor radius, Tensor scale, Tensor charge, Tensor constants, "
              "bool with_gradient) -> (Tensor, Tensor)");
  using nflow::Versions;
  nflow::operators::implement(library, "gb_obc", nflow::gb_obc<Versions::on_cpu>,
                              nflow::gb_obc<Versions::on_any_device>,
                              nflow::gb_obc<Versions::with_gradients>);
}
