#include "operators/coupling_arguments.h"

#include <algorithm>

namespace nflow::operators {

namespace {

using torch::Tensor;

/// The flow on a batch of points [B, W].
class TensorFlow {
 public:
  explicit TensorFlow(const CouplingArguments &a, const CouplingLayout &layout)
      : a_(a), form_(a.form), layout_(layout) {}

  Tensor forward(const Tensor &points, Tensor &log_det) const {
    Tensor z = points * ends(layout_.in_scale()) + ends(layout_.in_shift());
    for (const auto &c : layout_.couplings()) z = couple(c, z, log_det);
    return mix(z) * ends(layout_.out_scale()) + ends(layout_.out_shift());
  }
  Tensor inverse(const Tensor &points, Tensor &log_det) const {
    Tensor z = mix((points - ends(layout_.out_shift())) / ends(layout_.out_scale()));
    for (auto c = layout_.couplings().rbegin(); c != layout_.couplings().rend(); ++c)
      z = couple(*c, z, log_det);
    return (z - ends(layout_.in_shift())) / ends(layout_.in_scale());
  }

 private:
  using Coupling = CouplingLayout::Coupling;

  Tensor matrix(int64_t begin, int64_t rows, int64_t columns) const {
    return a_.weights.narrow(0, begin, rows * columns).view({rows, columns});
  }
  Tensor ends(int64_t begin) const { return a_.weights.narrow(0, begin, form_.width); }
  Tensor mix(const Tensor &z) const {
    const int64_t m = form_.mixed;
    if (m == 0) return z;
    return torch::cat({torch::mm(z.narrow(1, 0, m), matrix(layout_.mixing(), m, m)),
                       z.narrow(1, m, form_.width - m)},
                      1);
  }

  Tensor activated(const Tensor &z) const {
    switch (form_.activation) {
    case Activation::tanh:
      return torch::tanh(z);
    case Activation::silu:
      return z * torch::sigmoid(z);
    default:
      return torch::relu(z);
    }
  }

  Tensor condition(const Coupling &c, const Tensor &kept) const {
    Tensor h = kept;
    for (size_t l = 0; l < c.layers.size(); l++) {
      const auto &layer = c.layers[l];
      h = torch::mm(h, matrix(layer.weight, layer.in, layer.out)) +
          a_.weights.narrow(0, layer.bias, layer.out);
      if (l + 1 < c.layers.size()) h = activated(h);
    }
    if (form_.units == 0) return h;
    std::vector<int64_t> partners;
    for (int64_t i = 0; i < c.moved; i++) partners.push_back(i % c.kept);
    const Tensor seen =
        kept.index_select(1, torch::tensor(partners, torch::kInt64).to(kept.device()));
    const Tensor units = activated(seen.unsqueeze(1) * matrix(c.unit_weight, form_.units, c.moved) +
                                   matrix(c.unit_bias, form_.units, c.moved));
    const Tensor shift = (units * matrix(c.unit_out, form_.units, c.moved)).sum(1);
    return torch::cat({h.narrow(1, 0, c.moved), h.narrow(1, c.moved, c.moved) + shift}, 1);
  }

  Tensor couple(const Coupling &c, const Tensor &z, Tensor &log_det) const {
    const Tensor moved_places = a_.places.narrow(0, c.places, c.moved);
    const Tensor a = z.index_select(1, moved_places);
    const Tensor kept = z.index_select(1, a_.places.narrow(0, c.places + c.moved, c.kept));
    const Tensor outputs = condition(c, input_scale(form_.kind) * kept);
    Tensor log_slope;
    const Tensor moved = form_.kind == CouplingKind::spline
                             ? spline(a, outputs.view({a.size(0), c.moved, -1}), log_slope)
                             : affine(a, outputs, log_slope);
    if (form_.kind != CouplingKind::steerable)
      log_det = log_det + log_slope.to(torch::kFloat64).sum(1);
    return z.index_copy(1, moved_places, moved);
  }

  Tensor affine(const Tensor &a, const Tensor &outputs, Tensor &log_slope) const {
    const auto parts = outputs.chunk(2, 1);
    Tensor s = torch::tanh(parts[0]);
    if (form_.kind == CouplingKind::steerable) s = s - s.mean(1, true);
    log_slope = a_.inverse ? -s : s;
    return a_.inverse ? (a - parts[1]) * torch::exp(-s)
                      : torch::addcmul(parts[1], a, torch::exp(s));
  }

  /// rational_quadratic.ts.py and spline_tails.ts.py of src/architectures, of q [B, m] and raw [B,
  /// m, 3 K - 1].
  Tensor spline(const Tensor &q, const Tensor &raw, Tensor &log_slope) const {
    const int64_t bins = form_.bins, m = q.size(1);
    const Tensor w = torch::clamp(0.5 * q + 0.5, 0.0, 1.0);
    const Tensor shares =
        0.1 / static_cast<double>(bins) +
        0.9 * torch::softmax(raw.narrow(2, 0, 2 * bins).reshape({q.size(0), m, 2, bins}), 3);
    const Tensor ends = torch::cumsum(shares, 3);
    const Tensor edges = ends.select(2, a_.inverse ? 1 : 0).narrow(2, 0, bins - 1);
    const Tensor index = (w.unsqueeze(2) >= edges).sum(2, true);
    const Tensor slopes = torch::exp(
        3.0 * torch::tanh(torch::constant_pad_nd(raw.narrow(2, 2 * bins, bins - 1), {1, 1}) / 3.0));
    const auto at = [&](const Tensor &values) { return values.gather(2, index).squeeze(2); };
    const Tensor width = at(shares.select(2, 0)), height = at(shares.select(2, 1));
    const Tensor left = at((ends - shares).select(2, 0)), bottom = at((ends - shares).select(2, 1));
    const Tensor slope_0 = at(slopes), slope_1 = at(slopes.narrow(2, 1, bins));
    const Tensor mean = height / width, bend = slope_0 + slope_1 - 2.0 * mean;
    Tensor xi;
    if (a_.inverse) {
      const Tensor eta = (w - bottom) / height, a = mean - slope_0 + eta * bend,
                   b = slope_0 - eta * bend;
      xi = 2.0 * mean * eta / (b + torch::sqrt(b * b + 4.0 * a * mean * eta));
    } else {
      xi = (w - left) / width;
    }
    const Tensor rest = 1.0 - xi, denominator = mean + bend * xi * rest;
    const Tensor share = mean / denominator;
    const Tensor inside = torch::abs(q) < 1.0;
    const Tensor log_inside = torch::log(
        share * share * (slope_1 * xi * xi + 2.0 * mean * xi * rest + slope_0 * rest * rest));
    log_slope = torch::where(inside, a_.inverse ? -log_inside : log_inside, torch::zeros_like(q));
    const Tensor moved = a_.inverse
                             ? left + width * xi
                             : bottom + height * xi * (mean * xi + slope_0 * rest) / denominator;
    return torch::where(inside, 2.0 * moved - 1.0, q);
  }

  const CouplingArguments &a_;
  const CouplingForm &form_;
  const CouplingLayout &layout_;
};

} // namespace

std::tuple<Tensor, Tensor> coupling_flow_of_tensors(CouplingArguments a, const Tensor &points) {
  a.take_width(points);
  const CouplingLayout layout(a.form);
  a.prepare(points, layout);
  const TensorFlow flow(a, layout);
  const Tensor in = points.reshape({points.size(0), a.form.width});
  Tensor log_det = (a.inverse ? -a.log_volume : a.log_volume).reshape({1}).expand({in.size(0)});
  const Tensor out = a.inverse ? flow.inverse(in, log_det) : flow.forward(in, log_det);
  return {out.reshape(points.sizes()), log_det.clone()};
}

} // namespace nflow::operators
