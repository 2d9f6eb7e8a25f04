// torch.ops.nflow.kick_drift: the kick-drift map as a LibTorch operator, with its analytic
// backward.
#include "operators/kick_drift.h"
#include "operators/operators.h"

#include <torch/library.h>
#include <torch/types.h>

#include <torch/csrc/autograd/custom_function.h>

namespace nflow {

namespace {

using operators::KickDrift;
using operators::KickDriftGradients;
using operators::KickDriftParameters;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// The arguments of the operator. The first six carry gradients, beside the points.
struct Arguments {
  Tensor damping, drift, first_drift, last_scale, strength, splines;
  Tensor species, box, sigma, epsilon;
  double cutoff;
  Tensor mask;

  void check(const Tensor &points) {
    TORCH_CHECK(points.dim() == 4 && points.size(1) == 2 &&
                    (points.size(3) == 2 || points.size(3) == 3),
                "kick_drift: points must be [B, 2, n, d] with d of 2 or 3");
    TORCH_CHECK(points.is_floating_point() && points.device().is_cpu(),
                "kick_drift runs on the CPU, in float32 or float64");
    TORCH_CHECK(damping.dim() == 2 && drift.sizes() == damping.sizes(),
                "kick_drift: damping and drift must be [L, S]");
    const int64_t layers = damping.size(0), s = damping.size(1), pairs = s * (s + 1) / 2;
    TORCH_CHECK(first_drift.numel() == s && last_scale.numel() == s && sigma.numel() == s * s &&
                    epsilon.numel() == s * s && strength.numel() == layers * pairs &&
                    splines.dim() == 3 && splines.size(0) == layers && splines.size(1) == pairs,
                "kick_drift: the parameters are not of one number of layers and species");
    TORCH_CHECK(species.scalar_type() == torch::kInt64 && species.numel() == points.size(2) &&
                    box.numel() == points.size(3),
                "kick_drift: species must be int64 [n], box [d]");
    TORCH_CHECK(species.min().item<int64_t>() >= 0 && species.max().item<int64_t>() < s,
                "kick_drift: a species is not from 0 to S - 1");
    TORCH_CHECK(mask.numel() == 0 ||
                    (mask.scalar_type() == torch::kBool && mask.dim() == 2 &&
                     mask.size(0) == points.size(0) && mask.size(1) == points.size(2)),
                "kick_drift: mask must be empty or bool [B, n]");
    for (Tensor *t :
         {&damping, &drift, &first_drift, &last_scale, &strength, &splines, &box, &sigma, &epsilon})
      *t = t->to(points.scalar_type()).contiguous();
    species = species.contiguous();
    mask = mask.contiguous();
    const double reach = cutoff * sigma.max().item<double>();
    TORCH_CHECK(reach > 0.0 && reach <= 0.5 * box.min().item<double>() * (1.0 + 1e-6),
                "kick_drift: the cutoff is beyond half the box");
  }

  template <class T>
  KickDriftParameters<T> parameters(int64_t n) const {
    KickDriftParameters<T> p;
    p.n = n;
    p.layers = damping.size(0);
    p.species_count = damping.size(1);
    p.spline_size = splines.size(2);
    p.cutoff = cutoff;
    p.species = species.data_ptr<int64_t>();
    p.box = box.data_ptr<T>();
    p.sigma = sigma.data_ptr<T>();
    p.epsilon = epsilon.data_ptr<T>();
    p.damping = damping.data_ptr<T>();
    p.drift = drift.data_ptr<T>();
    p.first_drift = first_drift.data_ptr<T>();
    p.last_scale = last_scale.data_ptr<T>();
    p.strength = strength.data_ptr<T>();
    p.splines = splines.data_ptr<T>();
    return p;
  }
  const bool *mask_of(int64_t b, int64_t n) const {
    return mask.numel() == 0 ? nullptr : mask.data_ptr<bool>() + b * n;
  }
};

template <class T, int D>
void map_all(const Arguments &a, const Tensor &in, Tensor &out, bool inverse, Tensor *states) {
  const int64_t n = in.size(2), size = 2 * n * D;
  KickDrift<T, D> map(a.parameters<T>(n));
  T *keep = nullptr;
  if (states) {
    *states = torch::empty({in.size(0), map.state_size()}, in.options());
    keep = states->data_ptr<T>();
  }
  for (int64_t b = 0; b < in.size(0); b++)
    map.map(in.data_ptr<T>() + b * size, out.data_ptr<T>() + b * size, a.mask_of(b, n), inverse,
            keep ? keep + b * map.state_size() : nullptr);
}

template <class T, int D>
void pull_back_all(const Arguments &a, const Tensor &states, const Tensor &out, Tensor &in,
                   bool inverse, std::vector<Tensor> &of_parameters) {
  const int64_t n = out.size(2), size = 2 * n * D;
  KickDrift<T, D> map(a.parameters<T>(n));
  T *g[6];
  for (int i = 0; i < 6; i++) g[i] = of_parameters[i].data_ptr<T>();
  for (int64_t b = 0; b < out.size(0); b++)
    map.pull_back(states.data_ptr<T>() + b * map.state_size(), out.data_ptr<T>() + b * size,
                  in.data_ptr<T>() + b * size, a.mask_of(b, n), inverse,
                  {g[0], g[1], g[2], g[3], g[4], g[5]});
}

/// Calls work(T(), dimension) for the type and dimension of the points.
template <class Work>
void dispatch(const Tensor &points, Work &&work) {
  const bool wide = points.scalar_type() == torch::kFloat64;
  TORCH_CHECK(wide || points.scalar_type() == torch::kFloat32, "kick_drift: float32 or float64");
  const auto by_dimension = [&](auto zero) {
    if (points.size(3) == 2)
      work(zero, std::integral_constant<int, 2>());
    else
      work(zero, std::integral_constant<int, 3>());
  };
  if (wide)
    by_dimension(double());
  else
    by_dimension(float());
}

Tensor run(Arguments &a, const Tensor &points, bool inverse, Tensor *states) {
  a.check(points);
  const Tensor in = points.contiguous();
  Tensor out = torch::empty_like(in);
  dispatch(in, [&](auto zero, auto dim) {
    map_all<decltype(zero), decltype(dim)::value>(a, in, out, inverse, states);
  });
  return out;
}

Tensor kick_drift(const Tensor &points, const Tensor &damping, const Tensor &drift,
                  const Tensor &first_drift, const Tensor &last_scale, const Tensor &strength,
                  const Tensor &splines, const Tensor &species, const Tensor &box,
                  const Tensor &sigma, const Tensor &epsilon, double cutoff, const Tensor &mask,
                  bool inverse) {
  Arguments a{damping, drift, first_drift, last_scale, strength, splines,
              species, box,   sigma,       epsilon,    cutoff,   mask};
  return run(a, points, inverse, nullptr);
}

class KickDriftFunction : public torch::autograd::Function<KickDriftFunction> {
 public:
  static Tensor forward(AutogradContext *context, const Tensor &points, const Tensor &damping,
                        const Tensor &drift, const Tensor &first_drift, const Tensor &last_scale,
                        const Tensor &strength, const Tensor &splines, const Tensor &species,
                        const Tensor &box, const Tensor &sigma, const Tensor &epsilon,
                        double cutoff, const Tensor &mask, bool inverse) {
    at::AutoDispatchBelowADInplaceOrView below;
    Arguments a{damping, drift, first_drift, last_scale, strength, splines,
                species, box,   sigma,       epsilon,    cutoff,   mask};
    Tensor states;
    const Tensor out = run(a, points, inverse, &states);
    context->save_for_backward({states, a.damping, a.drift, a.first_drift, a.last_scale, a.strength,
                                a.splines, a.species, a.box, a.sigma, a.epsilon, a.mask});
    context->saved_data["cutoff"] = cutoff;
    context->saved_data["inverse"] = inverse;
    return out;
  }

  static variable_list backward(AutogradContext *context, variable_list outputs) {
    const auto saved = context->get_saved_variables();
    const Arguments a{saved[1],
                      saved[2],
                      saved[3],
                      saved[4],
                      saved[5],
                      saved[6],
                      saved[7],
                      saved[8],
                      saved[9],
                      saved[10],
                      context->saved_data["cutoff"].toDouble(),
                      saved[11]};
    const Tensor out = outputs[0].contiguous();
    Tensor in = torch::empty_like(out);
    std::vector<Tensor> of_parameters;
    for (int i = 1; i <= 6; i++) of_parameters.push_back(torch::zeros_like(saved[i]));
    dispatch(out, [&](auto zero, auto dim) {
      pull_back_all<decltype(zero), decltype(dim)::value>(
          a, saved[0], out, in, context->saved_data["inverse"].toBool(), of_parameters);
    });
    const Variable none;
    variable_list gradients{in};
    gradients.insert(gradients.end(), of_parameters.begin(), of_parameters.end());
    gradients.resize(14, none);
    return gradients;
  }
};

Tensor kick_drift_autograd(const Tensor &points, const Tensor &damping, const Tensor &drift,
                           const Tensor &first_drift, const Tensor &last_scale,
                           const Tensor &strength, const Tensor &splines, const Tensor &species,
                           const Tensor &box, const Tensor &sigma, const Tensor &epsilon,
                           double cutoff, const Tensor &mask, bool inverse) {
  if (!torch::GradMode::is_enabled()) { // nothing to be kept for a backward
    at::AutoDispatchBelowADInplaceOrView below;
    return kick_drift(points, damping, drift, first_drift, last_scale, strength, splines, species,
                      box, sigma, epsilon, cutoff, mask, inverse);
  }
  return KickDriftFunction::apply(points, damping, drift, first_drift, last_scale, strength,
                                  splines, species, box, sigma, epsilon, cutoff, mask, inverse);
}

} // namespace

std::vector<std::string> operator_names() {
  return {"kick_drift"};
}

} // namespace nflow

TORCH_LIBRARY(nflow, library) {
  library.def("kick_drift(Tensor points, Tensor damping, Tensor drift, Tensor first_drift, Tensor "
              "last_scale, Tensor strength, Tensor splines, Tensor species, Tensor box, Tensor "
              "sigma, Tensor epsilon, float cutoff, Tensor mask, bool inverse) -> Tensor");
}
TORCH_LIBRARY_IMPL(nflow, CPU, library) {
  library.impl("kick_drift", nflow::kick_drift);
}
TORCH_LIBRARY_IMPL(nflow, Autograd, library) {
  library.impl("kick_drift", nflow::kick_drift_autograd);
}
