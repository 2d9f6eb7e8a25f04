#include "operators/kick_drift_dense.h"

#include "operators/pair_force.h"

#include <algorithm>

namespace nflow::operators {

namespace {

using torch::Tensor;

/// The numbers that the weights stand for, of which the map and log_det are made.
Tensor numbers_of(const KickDriftArguments &a) {
  const KickDriftFormulas formulas(a.scales());
  const Tensor weights = a.weights.to(torch::kFloat64);
  std::vector<Tensor> numbers;
  a.layout().each_kind([&](int64_t begin, int64_t end, KickDriftKind kind) {
    numbers.push_back(formulas.number(kind, weights.slice(0, begin, end)));
  });
  return torch::cat(numbers).to(a.weights.scalar_type());
}

/// The map on batches of points. Nothing in it waits for the device. Components of pair vectors are
/// arrays of their own, [B, rows, n], which is faster than [B, rows, n, d].
class DenseKickDrift {
 public:
  DenseKickDrift(const KickDriftArguments &prepared, int64_t pairs_at_once);

  /// Points [B, 2, n, d] with mask [B, n] or an empty one.
  Tensor map(const Tensor &points, const Tensor &mask, bool inverse) const;
  /// ln|det| that each atom adds, over the dimension: [n], float64.
  Tensor log_volume() const;

 private:
  void forward(Tensor &x, Tensor &p, const Tensor &mobile) const;
  void backward(Tensor &x, Tensor &p, const Tensor &mobile) const;
  Tensor force(int64_t layer, const Tensor &x) const;
  Tensor force_on(int64_t layer, const Tensor &wrapped, int64_t first, int64_t end) const;
  Tensor spline(int64_t layer, const Tensor &kinds, const Tensor &y) const;
  void take_pair_laws(const KickDriftArguments &a, const Tensor &numbers);

  const KickDriftLayout layout_;
  const int64_t pairs_at_once_;
  const PairForce<double> force_law_;
  Tensor species_, box_;
  Tensor damping_, drift_, first_drift_, last_scale_; // of each atom, [L or 1, n, 1]
  Tensor sigma_, cutoff2_;                            // [S S]
  Tensor strength_;                                   // [L, S S], with 4 epsilon/sigma
  Tensor splines_; // [L, 4, S S K]: coefficients of the powers 0 to 3 in each interval
};

DenseKickDrift::DenseKickDrift(const KickDriftArguments &a, int64_t pairs_at_once)
    : layout_(a.layout()), pairs_at_once_(pairs_at_once),
      force_law_(a.cutoff, std::max<int64_t>(a.spline_size, 1)), species_(a.species), box_(a.box) {
  const Tensor numbers = numbers_of(a);
  const auto of_atoms = [&](int64_t begin, int64_t end) {
    return numbers.slice(0, begin, end)
        .view({-1, layout_.species_count})
        .index_select(1, species_)
        .unsqueeze(2);
  };
  damping_ = of_atoms(0, layout_.drift());
  drift_ = of_atoms(layout_.drift(), layout_.first_drift());
  first_drift_ = of_atoms(layout_.first_drift(), layout_.last_scale());
  last_scale_ = of_atoms(layout_.last_scale(), layout_.strength());
  take_pair_laws(a, numbers);
}

void DenseKickDrift::take_pair_laws(const KickDriftArguments &a, const Tensor &numbers) {
  const int64_t s = layout_.species_count, k = layout_.spline_size;
  std::vector<int64_t> pair_of;
  for (int64_t i = 0; i < s * s; i++) pair_of.push_back(pair_number(i / s, i % s, s));
  const Tensor pairs = torch::tensor(pair_of, torch::kInt64).to(numbers.device());
  const auto of_pairs = [&](int64_t begin, int64_t end, int64_t size) {
    return numbers.slice(0, begin, end)
        .view({layout_.layers, layout_.pairs(), size})
        .index_select(1, pairs);
  };
  sigma_ = a.sigma.flatten();
  cutoff2_ = (a.cutoff * sigma_).square();
  strength_ = of_pairs(layout_.strength(), layout_.splines(), 1).squeeze(2) *
              (4.0 * a.epsilon.flatten() / sigma_);
  if (k == 0) return;
  // Four windows of the coefficients behind three zeros, one for each basis function, to powers: a
  // cubic costs three operations on all pairs, the basis functions some thirty.
  const Tensor powers = torch::tensor(at::ArrayRef<double>(PairForce<double>::basis_powers, 16),
                                      numbers.options().requires_grad(false));
  const Tensor padded =
      torch::constant_pad_nd(of_pairs(layout_.splines(), layout_.size(), k), {3, 0});
  splines_ = padded.unfold(2, 4, 1)
                 .matmul(powers.view({4, 4}))
                 .permute({0, 3, 1, 2})
                 .reshape({layout_.layers, 4, s * s * k});
}

Tensor DenseKickDrift::spline(int64_t layer, const Tensor &kinds, const Tensor &y) const {
  const int64_t size = layout_.spline_size;
  const Tensor t = (y.clamp_max(PairForce<double>::largest_y) - force_law_.first_y()) *
                   force_law_.intervals_per_y();
  const Tensor interval = t.detach().floor().clamp(0.0, static_cast<double>(size - 1));
  const Tensor place = interval.to(torch::kInt64) + kinds * size, fraction = t - interval;
  const Tensor coefficients = splines_.select(0, layer);
  Tensor value = coefficients.select(0, 3).take(place);
  for (int64_t power = 2; power >= 0; power--)
    value = torch::addcmul(coefficients.select(0, power).take(place), value, fraction);
  return value;
}

/// The forces [B, end - first, d] on some of the atoms.
Tensor DenseKickDrift::force_on(int64_t layer, const Tensor &wrapped, int64_t first,
                                int64_t end) const {
  // Species of a pair as one number, [rows, n]. Made anew for each kick: kept, it and what is taken
  // by it would need n^2 numbers each.
  const Tensor kinds =
      species_.slice(0, first, end).unsqueeze(1) * layout_.species_count + species_;
  std::vector<Tensor> d;
  Tensor r2;
  for (int64_t k = 0; k < wrapped.size(2); k++) {
    const Tensor x = wrapped.select(2, k), length = box_.select(0, k);
    const Tensor difference = x.slice(1, first, end).unsqueeze(2) - x.unsqueeze(1);
    d.push_back(difference - length * (difference.detach() / length).round());
    r2 = k == 0 ? d[k].square() : r2 + d[k].square();
  }
  // Pairs without a force are put at the cutoff before anything is divided by their distance, which
  // would make the gradients of the others NaN.
  const Tensor cutoff2 = cutoff2_.take(kinds);
  const Tensor near = (r2 < cutoff2).logical_and(r2 > 0.0);
  const Tensor per_r = torch::where(near, r2, cutoff2).rsqrt();
  const Tensor y = sigma_.take(kinds) * per_r;
  const Tensor capped = y.clamp_max(PairForce<double>::capped_y);
  Tensor size = strength_.select(0, layer).take(kinds) *
                force_law_.uncapped_base(capped, capped.reciprocal());
  if (layout_.spline_size > 0) size = size + spline(layer, kinds, y);
  size = size * per_r * near;
  for (Tensor &component : d) component = (size * component).sum(2);
  return torch::stack(d, 2);
}

Tensor DenseKickDrift::force(int64_t layer, const Tensor &x) const {
  const Tensor wrapped = x - box_ * (x.detach() / box_).floor();
  const int64_t n = x.size(1), pairs_of_a_row = std::max<int64_t>(x.size(0) * n, 1);
  const int64_t rows = std::max<int64_t>(pairs_at_once_ / pairs_of_a_row, 1);
  std::vector<Tensor> parts;
  for (int64_t first = 0; first < n; first += rows)
    parts.push_back(force_on(layer, wrapped, first, std::min(first + rows, n)));
  return torch::cat(parts, 1);
}

/// What moved, but for the atoms that do not.
Tensor held(const Tensor &moved, const Tensor &old, const Tensor &mobile) {
  return mobile.defined() ? torch::where(mobile, moved, old) : moved;
}

void DenseKickDrift::forward(Tensor &x, Tensor &p, const Tensor &mobile) const {
  x = held(x + first_drift_[0] * p, x, mobile);
  for (int64_t layer = 0; layer < layout_.layers; layer++) {
    p = held(damping_[layer] * p + force(layer, x), p, mobile);
    x = held(x + drift_[layer] * p, x, mobile);
  }
  p = held(last_scale_[0] * p, p, mobile);
}

void DenseKickDrift::backward(Tensor &x, Tensor &p, const Tensor &mobile) const {
  p = held(p / last_scale_[0], p, mobile);
  for (int64_t layer = layout_.layers; layer-- > 0;) {
    x = held(x - drift_[layer] * p, x, mobile);
    p = held((p - force(layer, x)) / damping_[layer], p, mobile);
  }
  x = held(x - first_drift_[0] * p, x, mobile);
}

Tensor DenseKickDrift::map(const Tensor &points, const Tensor &mask, bool inverse) const {
  const Tensor mobile = mask.numel() > 0 ? mask.unsqueeze(2) : Tensor();
  Tensor x = points.select(1, 0), p = points.select(1, 1);
  if (inverse)
    backward(x, p, mobile);
  else
    forward(x, p, mobile);
  return torch::stack({x, p}, 1);
}

Tensor DenseKickDrift::log_volume() const {
  const auto sum = [](const Tensor &t) { return t.to(torch::kFloat64).log().squeeze(2).sum(0); };
  return sum(damping_) + sum(last_scale_);
}

} // namespace

std::tuple<Tensor, Tensor> kick_drift_dense(KickDriftArguments a, const Tensor &points,
                                            int64_t pairs_at_once) {
  a.prepare(points);
  const DenseKickDrift map(a, pairs_at_once);
  const int64_t batch = points.size(0), n = points.size(2);
  const int64_t size = std::max<int64_t>(pairs_at_once / std::max<int64_t>(n * n, 1), 1);
  std::vector<Tensor> parts{points.slice(0, 0, 0)}; // so that no point has a result, too
  for (int64_t first = 0; first < batch; first += size)
    parts.push_back(map.map(points.slice(0, first, first + size),
                            a.masked() ? a.mask.slice(0, first, first + size) : a.mask, a.inverse));
  Tensor volume = map.log_volume().expand({batch, n});
  if (a.masked()) volume = volume * a.mask;
  const auto dim = static_cast<double>(points.size(3));
  return {torch::cat(parts), volume.sum(1) * (a.inverse ? -dim : dim)};
}

} // namespace nflow::operators
