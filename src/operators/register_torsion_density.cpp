// torch.ops.nflow.torsion_density: gaussians to torsions and back, with the analytic backward.
#include "operators/operator_versions.h"
#include "operators/torsion_density.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <tuple>

namespace nflow {

namespace {

using namespace operators;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// All but the points.
struct TorsionArguments {
  Tensor energies;      // float64: the tables of TorsionDensity
  Tensor parents, cuts; // int64 [m]
  Tensor kT;            // float64 []
  int64_t bins;
  bool inverse;

  TorsionForest forest() const {
    const auto numbers = [](const Tensor &tensor) {
      const Tensor whole = tensor.contiguous();
      const auto *begin = whole.data_ptr<int64_t>();
      return std::vector<int64_t>(begin, begin + whole.numel());
    };
    return {bins, numbers(parents), numbers(cuts)};
  }
};

void check(const TorsionArguments &a, const Tensor &points) {
  TORCH_CHECK(points.dim() == 2 && points.scalar_type() == torch::kFloat64,
              "nflow::torsion_density: points must be [B, m], float64");
  TORCH_CHECK(a.parents.scalar_type() == torch::kInt64 && a.cuts.scalar_type() == torch::kInt64 &&
                  a.parents.numel() == points.size(1) && a.cuts.numel() == points.size(1),
              "nflow::torsion_density: parents and cuts must be one number a torsion, int64");
  TORCH_CHECK(a.kT.scalar_type() == torch::kFloat64 && a.kT.numel() == 1,
              "nflow::torsion_density: kT must be one number, float64");
}

/// That of these tables at this temperature: one of those used last, or a new one.
std::shared_ptr<const TorsionDensity> density_of(const TorsionArguments &a) {
  constexpr size_t kept = 8; // temperatures of a training, say
  thread_local std::vector<std::shared_ptr<const TorsionDensity>> last;
  const TorsionForest forest = a.forest();
  const std::string wrong = wrong_with(forest);
  TORCH_CHECK(wrong.empty(), "nflow::torsion_density: ", wrong);
  TORCH_CHECK(a.energies.scalar_type() == torch::kFloat64 && a.energies.numel() == forest.size(),
              "nflow::torsion_density: energies must be ", forest.size(), " numbers, float64");
  const double kT = a.kT.item<double>();
  TORCH_CHECK(std::isfinite(kT) && kT > 0.0, "nflow::torsion_density: kT must be positive");
  const Tensor energies = a.energies.contiguous();
  const double *const values = energies.data_ptr<double>();
  const auto found = std::find_if(last.begin(), last.end(), [&](const auto &density) {
    return density->is_of(forest, values, kT);
  });
  if (found != last.end()) {
    std::rotate(last.begin(), found, found + 1);
    return last.front();
  }
  TORCH_CHECK(std::all_of(values, values + energies.numel(),
                          [](double value) { return std::isfinite(value); }),
              "nflow::torsion_density: energies must be finite");
  last.insert(last.begin(), std::make_shared<const TorsionDensity>(forest, values, kT));
  if (last.size() > kept) last.pop_back();
  return last.front();
}

Mapped run_on_cpu(const TorsionArguments &a, const Tensor &points, Tensor *states) {
  check(a, points);
  const auto density = density_of(a);
  const Tensor in = points.contiguous();
  Tensor out = torch::empty_like(in), log_det = torch::empty({in.size(0)}, in.options());
  if (states) *states = torch::empty({in.size(0), 2, in.size(1)}, in.options());
  density->map(in.size(0), in.data_ptr<double>(), a.inverse, out.data_ptr<double>(),
               log_det.data_ptr<double>(), states ? states->data_ptr<double>() : nullptr);
  return {out, log_det};
}

class TorsionFunction : public torch::autograd::Function<TorsionFunction> {
 public:
  static variable_list forward(AutogradContext *context, const Tensor &points, TorsionArguments a) {
    at::AutoDispatchBelowADInplaceOrView below;
    Tensor derivatives;
    const auto [out, log_det] = run_on_cpu(a, points, &derivatives);
    context->save_for_backward({derivatives});
    return {out, log_det};
  }

  static variable_list backward(AutogradContext *context, variable_list outputs) {
    const Tensor derivatives = context->get_saved_variables()[0];
    Tensor by_in = torch::zeros_like(derivatives.select(1, 0));
    if (outputs[0].defined()) by_in = by_in + outputs[0] * derivatives.select(1, 0);
    if (outputs[1].defined()) by_in = by_in + outputs[1].unsqueeze(1) * derivatives.select(1, 1);
    return {by_in, Tensor()};
  }
};

struct Map {
  using Arguments = TorsionArguments;
  static Mapped run(Arguments &a, const Tensor &points, Tensor *states) {
    return run_on_cpu(a, points, states);
  }
  /// A few numbers a point: they go to the CPU and back.
  static Mapped of_tensors(const Tensor &points, Arguments a) {
    for (Tensor *tensor : {&a.energies, &a.parents, &a.cuts, &a.kT}) *tensor = tensor->cpu();
    return by_way_of_cpu<Map>(points, std::move(a));
  }
  static Mapped differentiable(const Tensor &points, const Arguments &a) {
    const auto results = TorsionFunction::apply(points, a);
    return {results[0], results[1]};
  }
};
using Versions = OperatorVersions<Map>;

/// A version of the operator with the signature of its schema.
template <Mapped (*version)(const Tensor &, TorsionArguments)>
Mapped torsion_density(const Tensor &points, const Tensor &energies, const Tensor &parents,
                       const Tensor &cuts, const Tensor &kT, int64_t bins, bool inverse) {
  return version(points, {energies, parents, cuts, kT, bins, inverse});
}

} // namespace

} // namespace nflow

TORCH_LIBRARY_FRAGMENT(nflow, library) {
  library.def("torsion_density(Tensor points, Tensor energies, Tensor parents, Tensor cuts, Tensor "
              "kT, int bins, bool inverse) -> (Tensor, Tensor)");
  using nflow::Versions;
  nflow::operators::implement(library, "torsion_density", nflow::torsion_density<Versions::on_cpu>,
                              nflow::torsion_density<Versions::on_any_device>,
                              nflow::torsion_density<Versions::with_gradients>);
}
