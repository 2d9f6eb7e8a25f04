#include "operators/gb_obc_arguments.h"

#include <cmath>

namespace nflow::operators {

using torch::Tensor;

namespace {

constexpr int64_t constants_count = 9;

/// Without a call of LibTorch where it is there already.
Tensor on(const torch::Device &device, const Tensor &t) {
  return t.device() == device && t.is_contiguous() ? t : t.to(device).contiguous();
}

bool is_list(const Tensor &t, int64_t count) {
  return t.dim() == 1 && t.numel() == count && t.scalar_type() == torch::kFloat64;
}

} // namespace

void GbObcArguments::check_shapes(const Tensor &points) const {
  TORCH_CHECK(points.dim() == 3 && points.size(2) == 3 && points.scalar_type() == torch::kFloat64,
              "gb_obc: points must be float64 [B, n, 3]");
  const int64_t n = points.size(1);
  TORCH_CHECK(n >= 1 && n <= most_gb_atoms, "gb_obc takes 1 to ", most_gb_atoms, " atoms");
  TORCH_CHECK(is_list(radius, n) && is_list(scale, n) && is_list(charge, n),
              "gb_obc: radius, scale and charge must be float64 [n]");
  TORCH_CHECK(is_list(constants, constants_count), "gb_obc: constants must be float64 [9]");
}

void GbObcArguments::check_values() const {
  const GbObcConstants c = numbers();
  const double offset = c.offset;
  TORCH_CHECK(offset >= 0.0 && c.inner > 0.0 && c.outer > 0.0 && c.probe >= 0.0 &&
                  std::isfinite(c.screening()) && std::isfinite(c.surface_tension),
              "gb_obc: the offset or the probe is negative, or a dielectric constant not positive");
  const Tensor radii = on(torch::kCPU, radius), scales = on(torch::kCPU, scale);
  const double *r = radii.data_ptr<double>(), *s = scales.data_ptr<double>();
  for (int64_t i = 0; i < radii.numel(); i++)
    TORCH_CHECK(r[i] > offset && std::isfinite(r[i]) && s[i] >= 0.0 && std::isfinite(s[i]),
                "gb_obc: a radius is not larger than the offset, or a scale is negative");
}

void GbObcArguments::prepare(const Tensor &points) {
  check_shapes(points);
  constants = on(torch::kCPU, constants);
  for (Tensor *t : {&radius, &scale, &charge}) *t = on(points.device(), *t);
  check_values();
}

GbObcConstants GbObcArguments::numbers() const {
  const double *c = constants.data_ptr<double>();
  return {c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]};
}

Tensor tensor_of(const GbObcConstants &c) {
  return torch::tensor(
      {c.alpha, c.beta, c.gamma, c.offset, c.coulomb, c.inner, c.outer, c.surface_tension, c.probe},
      torch::kFloat64);
}

namespace {

/// descreening() of gb_obc.cpp for all pairs: I_i by atom j, [B, n, n], and its derivative by r
/// divided by r. What is on the diagonal is zero.
std::pair<Tensor, Tensor> descreening(const Tensor &r, const Tensor &own, const Tensor &s,
                                      const Tensor &pairs) {
  const Tensor o = own.unsqueeze(1), upper = r + s, gap = (r - s).abs();
  const Tensor per_r = r.reciprocal(), per_upper = upper.reciprocal();
  const Tensor per_lower = torch::maximum(gap, o.expand_as(gap)).reciprocal();
  const Tensor squares = per_upper * per_upper - per_lower * per_lower;
  const Tensor logarithm = torch::log(per_upper / per_lower), ratio = s * per_r;
  const Tensor covered = pairs.logical_and(o < upper), zero = torch::zeros_like(r);
  const Tensor outside = 0.5 * (per_lower - per_upper + 0.25 * r * (1.0 - ratio * ratio) * squares +
                                0.5 * logarithm * per_r);
  const Tensor inside = torch::where(s - r > o, o.reciprocal() - per_lower, zero);
  const Tensor slope =
      0.125 * per_r * ((1.0 + ratio * ratio) * squares - 2.0 * logarithm * per_r * per_r);
  return {torch::where(covered, outside + inside, zero), torch::where(covered, slope, zero)};
}

} // namespace

std::tuple<Tensor, Tensor> gb_obc_tensors(GbObcArguments a, const Tensor &x) {
  a.prepare(x);
  const GbObcConstants c = a.numbers();
  const int64_t n = x.size(1);
  const Tensor d = x.unsqueeze(2) - x.unsqueeze(1), square = (d * d).sum(3);
  const Tensor same = torch::eye(n, x.options());
  const Tensor own = a.radius - c.offset;
  const auto [integrals, slopes] =
      descreening((square + same).sqrt(), own, a.scale * own, same == 0.0);
  const Tensor psi = integrals.sum(2) * own;
  const Tensor tanh = (psi * (c.alpha - psi * (c.beta - psi * c.gamma))).tanh();
  const Tensor born = (own.reciprocal() - tanh / a.radius).reciprocal();
  const Tensor product = born.unsqueeze(2) * born.unsqueeze(1), quarter = 0.25 * square / product;
  const Tensor e = torch::exp(-quarter), per_f = (square + product * e).rsqrt();
  const Tensor size = c.screening() * torch::outer(a.charge, a.charge) * per_f;
  const Tensor area =
      4.0 * M_PI * c.surface_tension * (a.radius + c.probe).square() * (a.radius / born).pow(6);
  const Tensor energy = -0.5 * size.sum({1, 2}) + area.sum(1);
  if (!a.with_gradient) return {energy, torch::empty({0}, x.options())};
  const Tensor slope = size * per_f * per_f;
  const Tensor by_born =
      (0.5 * slope * e * (1.0 + quarter) * born.unsqueeze(1)).sum(2) - 6.0 * area / born;
  const Tensor born_slope = born * born * (1.0 - tanh * tanh) * own / a.radius *
                            (c.alpha - psi * (2.0 * c.beta - 3.0 * psi * c.gamma));
  const Tensor by_integrals = (by_born * born_slope).unsqueeze(2) * slopes;
  const Tensor along = slope * (1.0 - 0.25 * e) + by_integrals + by_integrals.transpose(1, 2);
  return {energy, (along.unsqueeze(3) * d).sum(2)};
}

} // namespace nflow::operators
