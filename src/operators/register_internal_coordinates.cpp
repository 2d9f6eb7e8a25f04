// torch.ops.nflow.internal_to_cartesian and cartesian_to_internal: internal coordinates of a
// molecule as LibTorch operators with analytic backwards. Other devices than the CPU have them by
// way of it.
#include "operators/internal_coordinates.h"
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

struct TreeArguments {
  Tensor tree;
  bool place; // z to x
};

std::string name_of(const TreeArguments &a) {
  return a.place ? "nflow::internal_to_cartesian" : "nflow::cartesian_to_internal";
}

/// Checks all, and makes the tree contiguous.
void prepare(TreeArguments &a, const Tensor &points) {
  const std::string name = name_of(a);
  TORCH_CHECK(points.dim() == 3 && points.size(2) == 3, name, ": points must be [B, n, 3]");
  TORCH_CHECK(points.scalar_type() == torch::kFloat64 || points.scalar_type() == torch::kFloat32,
              name, ": points must be float64 or float32");
  TORCH_CHECK(a.tree.scalar_type() == torch::kInt64 && a.tree.dim() == 2 &&
                  a.tree.size(0) == points.size(1) && a.tree.size(1) == 4,
              name, ": the tree must be [n, 4], int64, with a row for each of the ", points.size(1),
              " atoms");
  TORCH_CHECK(a.tree.device().is_cpu() && points.device().is_cpu(), name,
              ": the tree must be on the device of the points");
  a.tree = a.tree.contiguous();
  const std::string wrong = wrong_with_tree(a.tree.data_ptr<int64_t>(), a.tree.size(0));
  TORCH_CHECK(wrong.empty(), name, ": ", wrong);
}

/// After prepare().
Mapped map_all(const TreeArguments &a, const Tensor &points) {
  const Tensor in = points.to(torch::kFloat64).contiguous();
  Tensor out = torch::empty_like(in), log_det = torch::empty({in.size(0)}, in.options());
  const InternalCoordinates map(a.tree.data_ptr<int64_t>(), in.size(1));
  const int64_t size = 3 * in.size(1);
  const double *const from = in.data_ptr<double>();
  double *const to = out.data_ptr<double>(), *const sums = log_det.data_ptr<double>();
  for (int64_t b = 0; b < in.size(0); b++)
    sums[b] = a.place ? map.place(from + b * size, to + b * size)
                      : map.measure(from + b * size, to + b * size);
  return {out.to(points.scalar_type()), log_det};
}

/// The backward as a function of its own, so that who wants second derivatives is told that there
/// are none.
class PullBackFunction : public torch::autograd::Function<PullBackFunction> {
 public:
  static Tensor forward(AutogradContext *context, const Tensor &in, const Tensor &out,
                        const Tensor &by_out, const Tensor &by_log_det, const TreeArguments &a) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->saved_data["name"] = name_of(a);
    const Tensor start = in.contiguous(), end = out.contiguous();
    const Tensor used_up = by_out.clone(at::MemoryFormat::Contiguous);
    const Tensor by_logs = by_log_det.contiguous();
    Tensor by_in = torch::empty_like(start);
    const InternalCoordinates map(a.tree.data_ptr<int64_t>(), in.size(1));
    const int64_t size = 3 * in.size(1);
    const double *const z = (a.place ? start : end).data_ptr<double>(),
                        *const x = (a.place ? end : start).data_ptr<double>(),
                        *const by_log = by_logs.data_ptr<double>();
    double *const by_to = used_up.data_ptr<double>(), *const by_from = by_in.data_ptr<double>();
    for (int64_t b = 0, i = 0; b < in.size(0); b++, i += size) {
      if (a.place)
        map.pull_back_place(z + i, x + i, by_to + i, by_log[b], by_from + i);
      else
        map.pull_back_measure(z + i, x + i, by_to + i, by_log[b], by_from + i);
    }
    return by_in;
  }

  static variable_list backward(AutogradContext *context, const variable_list &) {
    TORCH_CHECK(false, context->saved_data["name"].toStringRef(),
                " has no second derivatives: take gradients of it once only");
  }
};

class TreeFunction : public torch::autograd::Function<TreeFunction> {
 public:
  static variable_list forward(AutogradContext *context, const Tensor &points,
                               const TreeArguments &a) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [out, log_det] = map_all(a, points);
    context->save_for_backward({points, out, a.tree});
    context->saved_data["place"] = a.place;
    return {out, log_det};
  }

  static variable_list backward(AutogradContext *context, const variable_list &outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor &in = saved[0], &out = saved[1];
    const Tensor by_out = outputs[0].defined() ? outputs[0] : torch::zeros_like(in);
    const Tensor by_log_det =
        outputs[1].defined() ? outputs[1] : torch::zeros({in.size(0)}, in.options());
    return {PullBackFunction::apply(in, out, by_out, by_log_det,
                                    TreeArguments{saved[2], context->saved_data["place"].toBool()}),
            Tensor()};
  }
};

struct Map {
  using Arguments = TreeArguments;
  static Mapped run(Arguments &a, const Tensor &points, Tensor *) {
    prepare(a, points);
    return map_all(a, points);
  }
  static Mapped of_tensors(const Tensor &points, Arguments a);
  static Mapped differentiable(const Tensor &points, Arguments a) {
    prepare(a, points);
    const auto results = TreeFunction::apply(points.to(torch::kFloat64), a);
    return {results[0].to(points.scalar_type()), results[1]};
  }
};
using Versions = OperatorVersions<Map>;

Mapped Map::of_tensors(const Tensor &points, Arguments a) {
  TORCH_CHECK(a.tree.device() == points.device(), name_of(a),
              ": the tree must be on the device of the points");
  a.tree = a.tree.cpu();
  return by_way_of_cpu<Map>(points, std::move(a));
}

/// A version of an operator with the signature of its schema.
template <Mapped (*version)(const Tensor &, TreeArguments), bool place>
Mapped map(const Tensor &points, const Tensor &tree) {
  return version(points, {tree, place});
}

template <bool place>
void implement(torch::Library &library, const char *name) {
  operators::implement(library, name, map<Versions::on_cpu, place>,
                       map<Versions::on_any_device, place>, map<Versions::with_gradients, place>);
}

} // namespace

} // namespace nflow

TORCH_LIBRARY_FRAGMENT(nflow, library) {
  library.def("internal_to_cartesian(Tensor z, Tensor tree) -> (Tensor, Tensor)");
  library.def("cartesian_to_internal(Tensor x, Tensor tree) -> (Tensor, Tensor)");
  nflow::implement<true>(library, "internal_to_cartesian");
  nflow::implement<false>(library, "cartesian_to_internal");
}
