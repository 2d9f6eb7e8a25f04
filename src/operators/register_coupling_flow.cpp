// torch.ops.nflow.coupling_flow: a whole coupling flow as one LibTorch operator, with its analytic
// backward, and a version for devices other than the CPU.
#include "operators/coupling_arguments.h"
#include "operators/coupling_flow.h"
#include "operators/operator_versions.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/types.h>

#include <memory>
#include <tuple>

namespace nflow {

namespace {

using namespace operators;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Arguments = CouplingArguments;

/// The flow of this form, after check(its layout), which may throw: that which was used last, its
/// memory and its layout, where it is of the same form. A form that is too large for its weights
/// gets no memory.
template <class T, class Check>
CouplingFlow<T> &flow_of(const CouplingForm &form, Check &&check) {
  thread_local std::unique_ptr<CouplingFlow<T>> last;
  if (last && last->form() == form) {
    check(last->layout());
    return *last;
  }
  check(CouplingLayout(form));
  last = std::make_unique<CouplingFlow<T>>(form, coupling_kernels<T>());
  return *last;
}

/// Calls work(T()) for the type of the points.
template <class Work>
void dispatch(const Tensor &points, Work &&work) {
  if (points.scalar_type() == torch::kFloat64)
    work(double());
  else
    work(float());
}

template <class T>
CouplingWeights<T> weights_of(const Arguments &a) {
  return {a.weights.data_ptr<T>(), a.places.data_ptr<int64_t>()};
}

Mapped run(Arguments &a, const Tensor &points, Tensor *states) {
  a.take_width(points);
  const Tensor in = points.contiguous();
  Tensor out = torch::empty_like(in);
  const int64_t batch = in.size(0);
  Tensor log_det = torch::empty({batch}, in.options().dtype(torch::kFloat64));
  dispatch(in, [&](auto zero) {
    using T = decltype(zero);
    CouplingFlow<T> &flow =
        flow_of<T>(a.form, [&](const CouplingLayout &layout) { a.prepare(in, layout); });
    if (states) *states = torch::empty({batch, flow.state_size()}, in.options());
    flow.map(batch, in.data_ptr<T>(), weights_of<T>(a), a.inverse, out.data_ptr<T>(),
             log_det.data_ptr<double>(), states ? states->data_ptr<T>() : nullptr);
  });
  const double volume = a.log_volume.item<double>();
  double *const sums = log_det.data_ptr<double>();
  for (int64_t b = 0; b < batch; b++) sums[b] += a.inverse ? -volume : volume;
  return {out, log_det};
}

/// A form and back, for what autograd keeps.
std::vector<int64_t> packed(const CouplingForm &f) {
  std::vector<int64_t> all{static_cast<int64_t>(f.kind),
                           static_cast<int64_t>(f.activation),
                           f.width,
                           f.mixed,
                           f.units,
                           f.bins,
                           static_cast<int64_t>(f.hidden.size())};
  all.insert(all.end(), f.hidden.begin(), f.hidden.end());
  all.insert(all.end(), f.sizes.begin(), f.sizes.end());
  return all;
}
CouplingForm unpacked(const std::vector<int64_t> &all) {
  CouplingForm f;
  f.kind = static_cast<CouplingKind>(all[0]);
  f.activation = static_cast<Activation>(all[1]);
  f.width = all[2];
  f.mixed = all[3];
  f.units = all[4];
  f.bins = all[5];
  const auto sizes = all.begin() + 7 + all[6];
  f.hidden.assign(all.begin() + 7, sizes);
  f.sizes.assign(sizes, all.end());
  return f;
}

class CouplingFunction : public torch::autograd::Function<CouplingFunction> {
 public:
  static variable_list forward(AutogradContext *context, const Tensor &points,
                               const Tensor &weights, const Tensor &log_volume, Arguments a) {
    at::AutoDispatchBelowADInplaceOrView below;
    a.weights = weights;
    a.log_volume = log_volume;
    Tensor states;
    const auto [out, log_det] = run(a, points, &states);
    context->save_for_backward({states, a.weights, a.places});
    context->saved_data["form"] = packed(a.form);
    context->saved_data["inverse"] = a.inverse;
    context->saved_data["shape"] = points.sizes().vec();
    context->saved_data["volume"] = log_volume.sizes().vec();
    return {out, log_det};
  }

  static variable_list backward(AutogradContext *context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor &states = saved[0], &weights = saved[1], &places = saved[2];
    const auto form = unpacked(context->saved_data["form"].toIntVector());
    const bool inverse = context->saved_data["inverse"].toBool();
    const int64_t batch = states.size(0);
    const Tensor by_out =
        outputs[0].defined()
            ? outputs[0].contiguous()
            : torch::zeros(context->saved_data["shape"].toIntVector(), states.options());
    const Tensor by_log_det =
        outputs[1].defined() ? outputs[1].contiguous() : torch::zeros({batch}, torch::kFloat64);
    Tensor by_in = torch::empty_like(by_out), by_weights = torch::zeros_like(weights);
    dispatch(states, [&](auto zero) {
      using T = decltype(zero);
      flow_of<T>(form, [](const CouplingLayout &) {})
          .pull_back(batch, states.data_ptr<T>(),
                     {weights.data_ptr<T>(), places.data_ptr<int64_t>()}, inverse,
                     by_out.data_ptr<T>(), by_log_det.data_ptr<double>(), by_in.data_ptr<T>(),
                     by_weights.data_ptr<T>());
    });
    const Tensor sum = by_log_det.sum();
    const Tensor by_volume =
        (inverse ? -sum : sum).reshape(context->saved_data["volume"].toIntVector());
    return {by_in, by_weights, by_volume, Tensor()};
  }
};

struct Map {
  using Arguments = nflow::Arguments;
  static Mapped run(Arguments &a, const Tensor &points, Tensor *states) {
    return nflow::run(a, points, states);
  }
  static Mapped of_tensors(const Tensor &points, Arguments a) {
    return coupling_flow_of_tensors(std::move(a), points);
  }
  static Mapped differentiable(const Tensor &points, const Arguments &a) {
    const auto results = CouplingFunction::apply(points, a.weights, a.log_volume, a);
    return {results[0], results[1]};
  }
};
using Versions = OperatorVersions<Map>;

/// A version of the operator with the signature of its schema.
template <Mapped (*version)(const Tensor &, Arguments)>
Mapped coupling_flow(const Tensor &points, const Tensor &weights, const Tensor &log_volume,
                     const Tensor &places, std::string kind, std::string activation, int64_t mixed,
                     int64_t units, int64_t bins, at::IntArrayRef hidden, at::IntArrayRef sizes,
                     bool inverse) {
  return version(
      points, {weights, log_volume, places,
               Arguments::form_of(kind, activation, mixed, units, bins, hidden.vec(), sizes.vec()),
               inverse});
}

} // namespace

} // namespace nflow

TORCH_LIBRARY_FRAGMENT(nflow, library) {
  library.def(
      "coupling_flow(Tensor points, Tensor weights, Tensor log_volume, Tensor places, str kind, "
      "str activation, int mixed, int units, int bins, int[] hidden, int[] sizes, bool inverse) "
      "-> (Tensor, Tensor)");
  using nflow::Versions;
  nflow::operators::implement(library, "coupling_flow", nflow::coupling_flow<Versions::on_cpu>,
                              nflow::coupling_flow<Versions::on_any_device>,
                              nflow::coupling_flow<Versions::with_gradients>);
}
