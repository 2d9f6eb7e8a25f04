#include "model/checks.h"

#include "mcmc/prior.h"
#include "mcmc/random.h"
#include "model/model_impl.h"
#include "nflow_error.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr int64_t count = 8;            // points that every check tries
constexpr int64_t jacobian_limit = 256; // numbers a point, above which the Jacobian is not formed

std::string scientific(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2g", value);
  return text;
}

[[noreturn]] void refuse(const Model &model, const std::string &what) {
  throw Error("model file '" + model.file() + "' " + what +
              ": it would bias a simulation and is not used; train or write it again");
}

/// Points of the prior's side: gaussian, or for a boltzmann prior a jittered lattice in the box.
std::vector<double> prior_points(const Metadata &metadata, double tau) {
  std::vector<double> u(count * metadata.size());
  mcmc::RandomStream random(20210929, 0, 0, mcmc::Purpose::check);
  const double sigma_aux = std::sqrt(mcmc::auxiliary_variance(metadata.prior == Prior::gaussian,
                                                              tau, metadata.auxiliary_variance));
  const int64_t m = metadata.coordinates();
  const auto side = static_cast<int64_t>(std::ceil(std::pow(metadata.n_atoms, 1.0 / metadata.dim)));
  for (int64_t b = 0; b < count; b++) {
    double *x = &u[b * metadata.size()];
    random.fill_gaussian(x, m, std::sqrt(tau));
    if (metadata.prior == Prior::boltzmann && metadata.box)
      for (int64_t i = 0, cell = 0; i < metadata.n_atoms; i++, cell = i)
        for (int64_t k = 0; k < metadata.dim; k++, cell /= side)
          x[i * metadata.dim + k] =
              (*metadata.box)[k] * (cell % side + 0.5 + 0.2 * random.uniform()) / side;
    if (metadata.auxiliary) random.fill_gaussian(x + m, m, sigma_aux);
  }
  return u;
}

/// Largest |a - b| relative to 1 + |b|; coordinates of a periodic model are compared modulo the
/// box.
double deviation(const Metadata &metadata, const std::vector<double> &a,
                 const std::vector<double> &b) {
  double worst = 0.0;
  for (size_t i = 0; i < a.size(); i++) {
    double difference = a[i] - b[i];
    const auto within = static_cast<int64_t>(i) % metadata.size();
    if (metadata.periodic && within < metadata.coordinates()) {
      const double length = (*metadata.box)[within % metadata.dim];
      difference -= length * std::round(difference / length);
    }
    const double relative = std::fabs(difference) / (1.0 + std::fabs(b[i]));
    if (!(relative <= worst)) worst = relative; // NaN comes through
    if (std::isnan(worst)) return worst;
  }
  return worst;
}

struct Pair {
  std::vector<double> points, log_det;
};

Pair mapped(Model &model, bool forward, const std::vector<double> &in, double tau_prior,
            double tau_target) {
  const int64_t batch = in.size() / model.metadata().size();
  Pair out{std::vector<double>(in.size()), std::vector<double>(batch)};
  if (forward)
    model.forward(batch, in.data(), tau_prior, tau_target, out.points.data(), out.log_det.data());
  else
    model.inverse(batch, in.data(), tau_prior, tau_target, out.points.data(), out.log_det.data());
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(out.points.begin(), out.points.end(), finite) ||
      !std::all_of(out.log_det.begin(), out.log_det.end(), finite))
    refuse(model, std::string("gives NaN or infinity in ") + (forward ? "forward" : "inverse"));
  return out;
}

/// There and back from `points`; fills round_trip and log_det_sum.
Pair check_round_trip(Model &model, bool forward, const std::vector<double> &points,
                      double tau_prior, double tau_target, FlowReport &report) {
  auto there = mapped(model, forward, points, tau_prior, tau_target);
  const auto back = mapped(model, !forward, there.points, tau_prior, tau_target);
  const auto tolerance = flow_tolerance(model.metadata());
  const double trip = deviation(model.metadata(), back.points, points);
  report.round_trip = std::max(report.round_trip, trip);
  if (!(trip <= tolerance.round_trip))
    refuse(model, "has an inverse that does not undo its forward (the round trip is off by " +
                      scientific(trip) + ")");
  for (size_t b = 0; b < there.log_det.size(); b++) {
    const double sum =
        std::fabs(there.log_det[b] + back.log_det[b]) / (1.0 + std::fabs(there.log_det[b]));
    report.log_det_sum = std::max(report.log_det_sum, sum);
  }
  if (!(report.log_det_sum <= tolerance.log_det))
    refuse(model, "has log-dets of forward and inverse that do not sum to zero (off by " +
                      scientific(report.log_det_sum) + ")");
  return there;
}

/// ln|det| of the autograd Jacobian of "forward" at one point [S, n, d]. One backward pass: the
/// point stands in a batch of as many copies as it has numbers, and copy i gives row i.
double jacobian_log_det(Model::Impl &impl, const double *u, double tau_prior, double tau_target) {
  const torch::AutoGradMode gradients(true);
  const int64_t size = impl.metadata.size();
  std::vector<double> copies(size * size);
  for (int64_t i = 0; i < size; i++) std::copy(u, u + size, &copies[i * size]);
  auto points = impl.to_tensor(size, copies.data()).requires_grad_(true);
  const auto v = impl.call("forward", points, tau_prior, tau_target).points;
  torch::Tensor jacobian;
  try {
    jacobian = torch::autograd::grad({v.reshape({size, size}).diagonal().sum()}, {points})[0];
    const auto matrix = jacobian.reshape({size, size}).to(torch::kCPU, torch::kFloat64);
    return std::get<1>(torch::linalg_slogdet(matrix)).item<double>();
  } catch (const std::exception &e) {
    throw Error("model file '" + impl.file +
                "' cannot be differentiated, so its log-det cannot be checked (" + first_line(e) +
                "): write it with differentiable operations");
  }
}

void check_jacobian(Model &model, const std::vector<double> &u, const std::vector<double> &log_det,
                    double tau_prior, double tau_target, FlowReport &report) {
  const int64_t size = model.metadata().size();
  if (size > jacobian_limit) return;
  for (int64_t b = 0; b < std::min<int64_t>(count, 4); b++) {
    const double exact = jacobian_log_det(model.impl(), &u[b * size], tau_prior, tau_target);
    const double error = std::fabs(log_det[b] - exact) / (1.0 + std::fabs(exact));
    report.jacobian = std::isnan(error) ? error : std::max(report.jacobian, error);
    if (!(error <= flow_tolerance(model.metadata()).jacobian))
      refuse(model, "reports a log_det of " + scientific(log_det[b]) +
                        " where the determinant of its Jacobian gives " + scientific(exact));
  }
}

void check_batch(Model &model, const std::vector<double> &u, const Pair &whole, double tau_prior,
                 double tau_target, FlowReport &report) {
  const int64_t size = model.metadata().size();
  const std::vector<double> one(u.begin(), u.begin() + size);
  const auto alone = mapped(model, true, one, tau_prior, tau_target);
  const std::vector<double> same(whole.points.begin(), whole.points.begin() + size);
  report.batch = std::max(deviation(model.metadata(), alone.points, same),
                          std::fabs(alone.log_det[0] - whole.log_det[0]));
  if (!(report.batch <= flow_tolerance(model.metadata()).round_trip))
    refuse(model, "maps a point differently alone and in a batch (off by " +
                      scientific(report.batch) + ")");
}

} // namespace

FlowTolerance flow_tolerance(const Metadata &metadata) {
  if (metadata.dtype == "float32") return {2e-3, 2e-3, 5e-3};
  return {1e-6, 1e-7, 1e-6};
}

FlowReport check_flow(Model &model, double tau_prior, double tau_target,
                      const std::vector<double> &target_points) {
  FlowReport report;
  const auto u = prior_points(model.metadata(), tau_prior);
  const auto v = check_round_trip(model, true, u, tau_prior, tau_target, report);
  check_batch(model, u, v, tau_prior, tau_target, report);
  check_jacobian(model, u, v.log_det, tau_prior, tau_target, report);
  if (!target_points.empty()) {
    const auto back = check_round_trip(model, false, target_points, tau_prior, tau_target, report);
    if (model.metadata().size() <= jacobian_limit) {
      const double exact =
          jacobian_log_det(model.impl(), back.points.data(), tau_prior, tau_target);
      if (!(std::fabs(-back.log_det[0] - exact) <=
            flow_tolerance(model.metadata()).jacobian * (1.0 + std::fabs(exact))))
        refuse(model,
               "reports a log_det of " + scientific(-back.log_det[0]) +
                   " at the current configuration where the determinant of its Jacobian gives " +
                   scientific(exact));
    }
  }
  return report;
}

double check_steerability(Model &model, double tau, double other_tau) {
  const auto &metadata = model.metadata();
  const int64_t size = metadata.size();
  const auto v = mapped(model, true, prior_points(metadata, tau), tau, tau).points;
  const auto log_q = [&](double t) {
    auto back = mapped(model, false, v, t, t);
    for (int64_t b = 0; b < count; b++)
      back.log_det[b] += mcmc::log_gaussian(&back.points[b * size], size, t);
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
                "' says that it is steerable, but its density at k_B T = " + scientific(other_tau) +
                " is not a power of that at " + scientific(tau) + " (off by " + scientific(spread) +
                "): set \"steerable\" to false or correct the flow");
  return spread;
}

} // namespace nflow
