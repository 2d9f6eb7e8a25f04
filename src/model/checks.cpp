#include "model/checks.h"

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "flow/prior.h"
#include "model/model_impl.h"
#include "model/sample_points.h"
#include "model/volume_check.h"

#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace nflow {

void refuse_flow(const std::string &file, const std::string &what) {
  throw Error("model file '" + file + "' " + what +
              ": it would bias a simulation and is not used; train or write it again");
}

namespace {

constexpr int64_t count = 8; // points that every check tries

[[noreturn]] void refuse(const Model &model, const std::string &what) {
  refuse_flow(model.file(), what);
}

double deviation_of(Model &model, bool positions, const std::vector<double> &a,
                    const std::vector<double> &b) {
  return relative_deviation(host_arrays(), model.metadata(), positions,
                            static_cast<int64_t>(a.size()) / model.metadata().size(), a.data(),
                            b.data());
}

struct Pair {
  std::vector<double> points, log_det;
};

/// Which points of a pair are finite, with their log-dets.
std::vector<bool> defined(const Pair &pair) {
  const size_t batch = pair.log_det.size(), size = batch ? pair.points.size() / batch : 0;
  std::vector<bool> result;
  for (size_t b = 0; b < batch; b++) {
    const auto first = pair.points.begin() + static_cast<std::ptrdiff_t>(b * size);
    result.push_back(std::isfinite(pair.log_det[b]) &&
                     std::all_of(first, first + static_cast<std::ptrdiff_t>(size),
                                 [](double value) { return std::isfinite(value); }));
  }
  return result;
}

Pair mapped_or_not(Model &model, bool forward, const std::vector<double> &in,
                   const Temperatures &tau) {
  const auto batch = static_cast<int64_t>(in.size()) / model.metadata().size();
  Pair out{std::vector<double>(in.size()), std::vector<double>(batch)};
  if (forward)
    model.forward(batch, in.data(), tau, out.points.data(), out.log_det.data());
  else
    model.inverse(batch, in.data(), tau, out.points.data(), out.log_det.data());
  return out;
}

Pair mapped(Model &model, bool forward, const std::vector<double> &in, double tau_prior,
            double tau_target) {
  auto out = mapped_or_not(model, forward, in, {tau_prior, tau_target});
  const auto usable = defined(out);
  if (!std::all_of(usable.begin(), usable.end(), [](bool is) { return is; }))
    refuse(model, std::string("gives NaN or infinity in ") + (forward ? "forward" : "inverse"));
  return out;
}

/// There and back from `points`; fills round_trip and log_det_sum.
Pair check_round_trip(Model &model, bool forward, const std::vector<double> &points,
                      double tau_prior, double tau_target, FlowReport &report) {
  auto there = mapped(model, forward, points, tau_prior, tau_target);
  const auto back = mapped(model, !forward, there.points, tau_prior, tau_target);
  const auto tolerance = flow_tolerance(model.metadata());
  // Latent numbers of a gaussian prior are no positions.
  const bool positions = !forward || model.metadata().prior == Prior::boltzmann;
  const double trip = deviation_of(model, positions, back.points, points);
  report.round_trip = std::max(report.round_trip, trip);
  if (!(trip <= tolerance.round_trip))
    refuse(model, "has an inverse that does not undo its forward (the round trip is off by " +
                      number(trip, 2) + ")");
  for (size_t b = 0; b < there.log_det.size(); b++) {
    report.log_det_sum =
        std::max(report.log_det_sum, std::fabs(there.log_det[b] + back.log_det[b]));
  }
  if (!(report.log_det_sum <= tolerance.log_det))
    refuse(model, "has log-dets of forward and inverse that do not sum to zero (off by " +
                      number(report.log_det_sum, 2) + ")");
  return there;
}

/// The autograd Jacobians [count, size, size], dv_i/du_j of "forward", at `points` points [S, n,
/// d]. One backward pass: each point stands in the batch as many times as it has numbers, and copy
/// i gives row i.
torch::Tensor autograd_jacobians(Model::Impl &impl, const double *u, int64_t points,
                                 const Temperatures &tau) {
  const torch::AutoGradMode gradients(true);
  const int64_t size = impl.metadata.size();
  std::vector<double> copies(points * size * size);
  for (int64_t i = 0; i < points * size; i++)
    std::copy_n(u + i / size * size, size, &copies[i * size]);
  auto in = impl.to_tensor(points * size, copies.data()).requires_grad_(true);
  const auto v = impl.call("forward", in, tau).points;
  try {
    const auto rows =
        torch::autograd::grad({v.reshape({points, size, size}).diagonal(0, 1, 2).sum()}, {in})[0];
    return rows.reshape({points, size, size}).to(torch::kCPU, torch::kFloat64);
  } catch (const std::exception &e) {
    refuse_derivatives(impl.file, e);
  }
}

/// The same by central differences of width `step`: what no gradient that is blocked somewhere can
/// fake.
torch::Tensor difference_jacobian(Model::Impl &impl, const double *u, double tau_prior,
                                  double tau_target, double step) {
  const torch::NoGradGuard no_gradients;
  const int64_t size = impl.metadata.size();
  std::vector<double> points(2 * size * size);
  for (int64_t i = 0; i < 2 * size; i++) {
    std::copy(u, u + size, &points[i * size]);
    points[i * size + i / 2] += i % 2 ? -step : step;
  }
  const auto v =
      impl.call("forward", impl.to_tensor(2 * size, points.data()), {tau_prior, tau_target})
          .points.to(torch::kCPU, torch::kFloat64)
          .reshape({size, 2, size});
  auto difference = v.select(1, 0) - v.select(1, 1);
  // A point may have been wrapped on one side only.
  const auto &m = impl.metadata;
  to_nearest_image(m, difference.view({size, m.slots(), m.n_atoms, m.dim}));
  return difference.t() / (2.0 * step);
}

/// The log-dets against those of the Jacobians at the points u.
void check_log_dets(Model &model, const double *u, const std::vector<double> &log_det,
                    const Temperatures &tau, FlowReport &report) {
  constexpr int64_t most_numbers = int64_t(1) << 20; // at once
  const auto tolerance = flow_tolerance(model.metadata());
  const int64_t size = model.metadata().size(), all = static_cast<int64_t>(log_det.size());
  const int64_t at_once = std::max<int64_t>(1, most_numbers / (size * size));
  for (int64_t start = 0; start < all; start += at_once) {
    const int64_t points = std::min(at_once, all - start);
    const auto jacobians = autograd_jacobians(model.impl(), u + start * size, points, tau);
    const auto exact = std::get<1>(torch::linalg_slogdet(jacobians)).contiguous();
    for (int64_t b = 0; b < points; b++) {
      const double here = log_det[start + b], wanted = exact.data_ptr<double>()[b];
      const double error = std::fabs(here - wanted);
      if (!(error <= tolerance.log_det))
        refuse(model, "reports a log_det of " + number(here, 8) +
                          " where the determinant of its Jacobian gives " + number(wanted, 8) +
                          (error < 1e-3 ? " (so little may be rounding, where atoms overlap: try a "
                                          "minimized start)"
                                        : ""));
      report.jacobian = std::max(report.jacobian, error);
    }
  }
}

/// The Jacobian at the point u against finite differences, each element at the step that shows it
/// best: a flow may be so curved (one that a configuration far from its temperature is carried
/// through), or have its kinks so dense (ReLU), that only a small step shows a derivative, and a
/// small number may drown in the rounding of a large one. No step would show others.
void check_derivatives(Model &model, const double *u, const Temperatures &tau, FlowReport &report) {
  const auto tolerance = flow_tolerance(model.metadata());
  const auto jacobian = autograd_jacobians(model.impl(), u, 1, tau)[0];
  const bool single = model.metadata().dtype == "float32";
  const auto size = jacobian.abs().max().clamp_min(1e-300);
  auto errors = torch::full_like(jacobian, INFINITY);
  double deviation = INFINITY;
  double step = (single ? 1e-2 : 1e-5) * std::sqrt(tau.prior);
  for (int refinement = 0; refinement < 3; refinement++, step *= 0.1) {
    const auto measured = difference_jacobian(model.impl(), u, tau.prior, tau.target, step);
    errors = torch::fmin(errors, (measured - jacobian).abs() / size);
    deviation = errors.max().item<double>();
    if (deviation <= tolerance.derivative) break;
  }
  if (!(deviation <= tolerance.derivative))
    refuse(model, "has derivatives that are not those of its forward (off by " +
                      number(deviation, 2) + ")");
  report.derivative = std::max(report.derivative, deviation);
}

/// One point of many numbers.
void check_volume(Model &model, const double *u, double log_det, const Temperatures &tau,
                  uint64_t seed, FlowReport &report) {
  if (model.metadata().size() > jacobian_limit)
    return check_volume_changes(model, u, tau, seed, report);
  check_log_dets(model, u, {log_det}, tau, report);
  check_derivatives(model, u, tau, report);
}

double difference(Model &model, bool forward, const Pair &a, const double *points,
                  const double *log_det) {
  // Latent numbers of a gaussian prior are no positions.
  const bool positions = forward || model.metadata().prior == Prior::boltzmann;
  const auto count = static_cast<int64_t>(a.log_det.size());
  double worst = relative_deviation(host_arrays(), model.metadata(), positions, count,
                                    a.points.data(), points);
  for (int64_t b = 0; b < count; b++) worst = std::max(worst, std::fabs(a.log_det[b] - log_det[b]));
  return worst;
}

/// `whole` is what the points `in` were mapped to: all of them once more, and two of them alone.
double check_again(Model &model, bool forward, const std::vector<double> &in, const Pair &whole,
                   const Temperatures &tau) {
  const auto tolerance = flow_tolerance(model.metadata()).round_trip;
  const int64_t size = model.metadata().size();
  const auto batch = static_cast<int64_t>(whole.log_det.size());
  const auto again = mapped(model, forward, in, tau.prior, tau.target);
  double off = difference(model, forward, again, whole.points.data(), whole.log_det.data());
  if (!(off <= tolerance))
    refuse(model,
           "maps a point differently when it is called again (off by " + number(off, 2) + ")");
  double worst = 0.0;
  for (const int64_t b : {int64_t(0), batch - 1}) {
    const std::vector<double> one(in.begin() + b * size, in.begin() + (b + 1) * size);
    const auto alone = mapped(model, forward, one, tau.prior, tau.target);
    off = difference(model, forward, alone, &whole.points[b * size], &whole.log_det[b]);
    worst = std::max(worst, off);
    if (!(off <= tolerance))
      refuse(model, "maps a point differently alone and in a batch of " + std::to_string(batch) +
                        " (off by " + number(off, 2) + ")");
  }
  return worst;
}

} // namespace

WhereDefined where_defined(Model &model, Model::Direction direction,
                           const std::vector<double> &points, const Temperatures &tau) {
  const int64_t size = model.metadata().size();
  const auto images = mapped_or_not(model, direction == Model::Direction::forward, points, tau);
  const auto usable = defined(images);
  WhereDefined result;
  for (size_t b = 0; b < usable.size(); b++) {
    if (!usable[b]) continue;
    const auto first = static_cast<int64_t>(b) * size;
    const auto keep = [&](const std::vector<double> &from, std::vector<double> &to) {
      to.insert(to.end(), from.begin() + first, from.begin() + first + size);
    };
    keep(points, result.points);
    keep(images.points, result.images);
  }
  return result;
}

double check_batch_size(Model &model, int64_t batch, const Temperatures &tau) {
  auto u = prior_points(model.metadata(), tau.prior, batch);
  // Far out, where a large batch comes to, a flow need not be defined.
  if (batch > count) {
    const auto inside = where_defined(model, Model::Direction::forward, u, tau).points;
    const auto first = prior_points(model.metadata(), tau.prior, 1);
    const auto kept = static_cast<int64_t>(inside.size() / first.size());
    u = inside;
    for (int64_t b = kept; b < batch; b++) u.insert(u.end(), first.begin(), first.end());
  }
  const auto v = mapped(model, true, u, tau.prior, tau.target);
  const auto back = mapped(model, false, v.points, tau.prior, tau.target);
  return std::max(check_again(model, true, u, v, tau),
                  check_again(model, false, v.points, back, tau));
}

double relative_deviation(Arrays &arrays, const Metadata &metadata, bool positions, int64_t points,
                          const double *a, const double *b) {
  const int64_t numbers = metadata.coordinates();
  double worst = 0.0;
  for (int64_t slot = 0; slot < metadata.slots(); slot++) {
    PeriodicBox box{metadata.dim};
    if (metadata.periodic && positions && slot == 0) box.lengths = *metadata.box;
    double squares = 0.0, largest = 0.0;
    for (int64_t p = 0; p < points; p++) {
      const int64_t first = p * metadata.size() + slot * numbers;
      squares += arrays.sum_of_squares(numbers, b + first);
      largest =
          std::max(largest, arrays.largest_difference(box, a + first, b + first, metadata.n_atoms));
    }
    // The length against which errors in this slot are small or large.
    const double scale =
        squares > 0.0 ? std::sqrt(squares / static_cast<double>(points * numbers)) : 1.0;
    if (!std::isfinite(largest)) return largest;
    worst = std::max(worst, largest / scale);
  }
  return worst;
}

FlowTolerance flow_tolerance(const Metadata &metadata) {
  const double root = std::sqrt(static_cast<double>(metadata.size()));
  if (metadata.dtype == "float32") return {2e-3, 2e-3 * root, 5e-2};
  return {1e-6, 1e-7 * root, 1e-4};
}

FlowReport check_flow(Model &model, double tau_prior, double tau_target,
                      const std::vector<double> &target_points, uint64_t seed) {
  FlowReport report;
  const int64_t size = model.metadata().size();
  const auto u = prior_points(model.metadata(), tau_prior, count);
  const auto v = check_round_trip(model, true, u, tau_prior, tau_target, report);
  report.batch = check_batch_size(model, count, {tau_prior, tau_target});
  Pair back;
  if (!target_points.empty())
    back = check_round_trip(model, false, target_points, tau_prior, tau_target, report);
  const Temperatures tau(tau_prior, tau_target);
  if (size > all_points_limit) {
    check_volume(model, u.data(), v.log_det[0], tau, seed, report);
    const auto given = static_cast<int64_t>(back.log_det.size());
    // Where a run is, and what it proposes: the first point and the last.
    for (int64_t i = 0; i < given; i += std::max<int64_t>(1, given - 1))
      check_volume(model, &back.points[i * size], -back.log_det[i], tau, seed, report);
    return report;
  }
  check_log_dets(model, u.data(), {v.log_det.begin(), v.log_det.begin() + 4}, tau, report);
  check_derivatives(model, u.data(), tau, report);
  if (target_points.empty()) return report;
  for (double &log_det : back.log_det) log_det = -log_det;
  check_log_dets(model, back.points.data(), back.log_det, tau, report);
  check_derivatives(model, back.points.data(), tau, report);
  return report;
}

namespace {

/// Of the map to Cartesian coordinates from those in which a model is steerable, at points v.
std::vector<double> fixed_log_dets(Model &model, const std::vector<double> &v) {
  const c10::InferenceMode no_gradients;
  const auto points = model.impl().to_tensor(count, v.data());
  const auto log_det = model.impl().log_det_coordinates(points);
  return {log_det.data_ptr<double>(), log_det.data_ptr<double>() + count};
}

} // namespace

double check_steerability(Model &model, double tau, double other_tau) {
  const auto &metadata = model.metadata();
  const int64_t size = metadata.size();
  const auto v = mapped(model, true, prior_points(metadata, tau, count), tau, tau).points;
  const int64_t carried = metadata.carried_count();
  const auto fixed = fixed_log_dets(model, v);
  const auto log_q = [&](double t) {
    auto back = mapped(model, false, v, t, t);
    for (int64_t b = 0; b < count; b++)
      back.log_det[b] +=
          fixed[b] + log_gaussian(&back.points[b * size + carried], size - carried, t);
    return back.log_det;
  };
  const auto a = log_q(tau), b = log_q(other_tau);
  double low = INFINITY, high = -INFINITY, scale = 1.0;
  for (int64_t i = 0; i < count; i++) {
    const double rest = b[i] - tau / other_tau * a[i];
    low = std::min(low, rest);
    high = std::max(high, rest);
    scale = std::max(scale, 1.0 + std::fabs(b[i]));
  }
  const double spread = (high - low) / scale;
  if (!(spread <= flow_tolerance(metadata).round_trip))
    throw Error("model file '" + model.file() +
                "' says that it is steerable, but its density at k_B T = " + number(other_tau, 2) +
                " is not a power of that at " + number(tau, 2) + " (off by " + number(spread, 2) +
                "): set \"steerable\" to false or correct the flow");
  return spread;
}

} // namespace nflow
