// torch.ops.nflow.kick_drift: the kick-drift map as a LibTorch operator, with its analytic
// backward, and a version for devices other than the CPU.
#include "operators/kick_drift_dense.h"
#include "operators/operator_versions.h"
#include "operators/operators.h"

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

using Arguments = KickDriftArguments;

template <class T, int D>
void map_all(const Arguments &a, const Tensor &in, Tensor &out, Tensor &log_det, Tensor *states) {
  const KickDriftNumbers<T> numbers(a.layout(), a.scales(), a.weights.data_ptr<T>());
  KickDrift<T, D> map(a.parameters<T>(numbers));
  const auto volume = numbers.log_volume();
  const int64_t size = 2 * in.size(2) * D;
  if (states) *states = torch::empty({in.size(0), map.state_size()}, in.options());
  std::vector<double> factors = a.volume_factors(0, D);
  for (int64_t b = 0; b < in.size(0); b++) {
    map.map(in.data_ptr<T>() + b * size, out.data_ptr<T>() + b * size, a.mask_of(b), a.inverse,
            states ? states->data_ptr<T>() + b * map.state_size() : nullptr);
    if (a.mask_of(b)) factors = a.volume_factors(b, D);
    double sum = 0.0;
    for (size_t s = 0; s < volume.size(); s++) sum += factors[s] * volume[s];
    log_det.data_ptr<double>()[b] = sum;
  }
}

template <class T, int D>
void pull_back_all(const Arguments &a, const Tensor &states, const Tensor &out,
                   const Tensor &by_log_det, Tensor &in, Tensor &by_weights) {
  const KickDriftNumbers<T> numbers(a.layout(), a.scales(), a.weights.data_ptr<T>());
  KickDrift<T, D> map(a.parameters<T>(numbers));
  const int64_t size = 2 * out.size(2) * D;
  const auto places = numbers.places(by_weights.data_ptr<T>());
  std::vector<double> by_volume(a.layout().species_count, 0.0);
  for (int64_t b = 0; b < out.size(0); b++) {
    map.pull_back(states.data_ptr<T>() + b * map.state_size(), out.data_ptr<T>() + b * size,
                  in.data_ptr<T>() + b * size, a.mask_of(b), a.inverse, places);
    const auto factors = a.volume_factors(b, D);
    for (size_t s = 0; s < factors.size(); s++)
      by_volume[s] += by_log_det.data_ptr<double>()[b] * factors[s];
  }
  numbers.pull_back(by_weights.data_ptr<T>(), by_volume);
}

/// Calls work(T(), dimension) for the type and dimension of the points.
template <class Work>
void dispatch(const Tensor &points, Work &&work) {
  const auto by_dimension = [&](auto zero) {
    if (points.size(3) == 2)
      work(zero, std::integral_constant<int, 2>());
    else
      work(zero, std::integral_constant<int, 3>());
  };
  if (points.scalar_type() == torch::kFloat64)
    by_dimension(double());
  else
    by_dimension(float());
}

Mapped run(Arguments &a, const Tensor &points, Tensor *states) {
  a.prepare(points);
  const Tensor in = points.contiguous();
  Tensor out = torch::empty_like(in);
  Tensor log_det = torch::empty({in.size(0)}, in.options().dtype(torch::kFloat64));
  if (in.size(0) == 0) return {out, log_det};
  dispatch(in, [&](auto zero, auto dim) {
    map_all<decltype(zero), decltype(dim)::value>(a, in, out, log_det, states);
  });
  return {out, log_det};
}

class KickDriftFunction : public torch::autograd::Function<KickDriftFunction> {
 public:
  static variable_list forward(AutogradContext *context, const Tensor &points,
                               const Tensor &weights, const Tensor &tau, Arguments a) {
    at::AutoDispatchBelowADInplaceOrView below;
    a.weights = weights;
    a.tau = tau;
    Tensor states;
    const auto [out, log_det] = run(a, points, &states);
    context->save_for_backward(
        {states, a.weights, a.tau, a.species, a.box, a.sigma, a.epsilon, a.mask});
    context->saved_data["counts"] = std::vector<int64_t>{a.layers, a.spline_size};
    context->saved_data["numbers"] = std::vector<double>{a.step, a.kick, a.spline_unit, a.cutoff};
    context->saved_data["inverse"] = a.inverse;
    return {out, log_det};
  }

  static variable_list backward(AutogradContext *context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const auto counts = context->saved_data["counts"].toIntVector();
    const auto numbers = context->saved_data["numbers"].toDoubleVector();
    const Arguments a{saved[1],   saved[2],
                      counts[0],  counts[1],
                      numbers[0], numbers[1],
                      numbers[2], saved[3],
                      saved[4],   saved[5],
                      saved[6],   numbers[3],
                      saved[7],   context->saved_data["inverse"].toBool()};
    const int64_t batch = saved[0].size(0), n = a.species.numel(), dim = a.box.numel();
    const Tensor out = outputs[0].defined() ? outputs[0].contiguous()
                                            : torch::zeros({batch, 2, n, dim}, saved[0].options());
    const Tensor by_log_det =
        outputs[1].defined() ? outputs[1].contiguous() : torch::zeros({batch}, torch::kFloat64);
    Tensor in = torch::empty_like(out), by_weights = torch::zeros_like(a.weights);
    dispatch(out, [&](auto zero, auto d) {
      pull_back_all<decltype(zero), decltype(d)::value>(a, saved[0], out, by_log_det, in,
                                                        by_weights);
    });
    return {in, by_weights, Tensor(), Tensor()};
  }
};

struct Map {
  using Arguments = nflow::Arguments;
  static Mapped run(Arguments &a, const Tensor &points, Tensor *states) {
    return nflow::run(a, points, states);
  }
  static Mapped of_tensors(const Tensor &points, Arguments a) {
    return kick_drift_dense(std::move(a), points);
  }
  static Mapped differentiable(const Tensor &points, const Arguments &a) {
    const auto results = KickDriftFunction::apply(points, a.weights, a.tau, a);
    return {results[0], results[1]};
  }
};
using Versions = OperatorVersions<Map>;

/// A version of the operator with the signature of its schema.
template <Mapped (*version)(const Tensor &, Arguments)>
Mapped kick_drift(const Tensor &points, const Tensor &weights, const Tensor &tau, int64_t layers,
                  int64_t spline_size, double step, double kick, double spline_unit,
                  const Tensor &species, const Tensor &box, const Tensor &sigma,
                  const Tensor &epsilon, double cutoff, const Tensor &mask, bool inverse) {
  return version(points, {weights, tau, layers, spline_size, step, kick, spline_unit, species, box,
                          sigma, epsilon, cutoff, mask, inverse});
}

} // namespace

std::vector<std::string> operator_names() {
  return {
      "kick_drift",     "coupling_flow", "gb_obc", "internal_to_cartesian", "cartesian_to_internal",
      "torsion_density"};
}

bool runs_on_cuda(const std::string &name) {
  const auto op = c10::Dispatcher::singleton().findSchema({"nflow::" + name, ""});
  return op && op->hasKernelForDispatchKey(c10::DispatchKey::CUDA);
}

} // namespace nflow

TORCH_LIBRARY(nflow, library) {
  library.def(
      "kick_drift(Tensor points, Tensor weights, Tensor tau, int layers, int spline_size, "
      "float step, float kick, float spline_unit, Tensor species, Tensor box, Tensor "
      "sigma, Tensor epsilon, float cutoff, Tensor mask, bool inverse) -> (Tensor, Tensor)");
  using nflow::Versions;
  nflow::operators::implement(library, "kick_drift", nflow::kick_drift<Versions::on_cpu>,
                              nflow::kick_drift<Versions::on_any_device>,
                              nflow::kick_drift<Versions::with_gradients>);
}
