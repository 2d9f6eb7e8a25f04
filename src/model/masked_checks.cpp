#include "model/masked_checks.h"

#include "base/error.h"
#include "model/model_impl.h"
#include "model/sample_points.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr int64_t count = 4; // points that every check tries

[[noreturn]] void refuse(const Model &model, const std::string &what, double value = NAN) {
  char off[32] = "";
  if (!std::isnan(value)) std::snprintf(off, sizeof(off), " (off by %.2g)", value);
  throw Error("model file '" + model.file() + "' has masked methods that " + what + off +
              ": they would bias a simulation and are not used; train or write the model again");
}

/// The most mobile numbers of which the Jacobian is formed: in a batch of as many points.
int64_t most_numbers(const Metadata &metadata) {
  return metadata.size() > all_points_limit ? 32 : all_points_limit;
}

/// One mask for each point: half of the atoms, or of many atoms as many as have a Jacobian that is
/// formed; one; as many others; all.
torch::Tensor masks_for(const Model::Impl &impl, int64_t points) {
  const int64_t n = impl.metadata.n_atoms;
  const int64_t most = std::max<int64_t>(1, most_numbers(impl.metadata) * n / impl.metadata.size());
  const int64_t every = std::max<int64_t>(2, (n + most - 1) / most);
  std::vector<uint8_t> mask(points * n, 0);
  for (int64_t b = 0; b < points; b++)
    for (int64_t i = 0; i < n; i++) {
      const bool chosen[4] = {i % every == 0, i == n / 2, i % every == 1 || n == 1, true};
      mask[b * n + i] = chosen[b % 4];
    }
  return impl.to_mask(points, mask.data()).clone();
}

/// [B, 1, n, 1] from [B, n], to be used beside points.
torch::Tensor beside_points(const torch::Tensor &mask) {
  return mask.unsqueeze(1).unsqueeze(-1);
}

double largest(const torch::Tensor &values) {
  return values.abs().max().item<double>();
}

/// Largest difference of two sets of points relative to the size of their numbers, positions modulo
/// the box.
double deviation(const Metadata &metadata, const torch::Tensor &a, const torch::Tensor &b) {
  auto difference = (a - b).to(torch::kCPU, torch::kFloat64).clone();
  to_nearest_image(metadata, difference);
  double worst = 0.0;
  for (int64_t slot = 0; slot < metadata.slots(); slot++) {
    const double scale =
        std::sqrt(b.select(1, slot).to(torch::kFloat64).square().mean().item<double>());
    worst = std::max(worst, largest(difference.select(1, slot)) / (scale > 0.0 ? scale : 1.0));
  }
  return worst;
}

Model::Impl::Mapped mapped(Model &model, const char *method, const torch::Tensor &points,
                           const Temperatures &tau, const torch::Tensor &mask) {
  auto result = model.impl().call(method, points.clone(), tau, mask);
  if (!torch::isfinite(result.points).all().item<bool>() ||
      !torch::isfinite(result.log_det).all().item<bool>())
    refuse(model, "give NaN or infinity");
  const auto frozen = ~beside_points(mask).expand_as(points);
  if (!torch::equal(result.points.masked_select(frozen), points.masked_select(frozen)))
    refuse(model, "change atoms that the mask holds");
  return result;
}

/// There and back; returns what the first method gave.
Model::Impl::Mapped check_round_trip(Model &model, bool forward, const torch::Tensor &points,
                                     const Temperatures &tau, const torch::Tensor &mask,
                                     FlowReport &report) {
  const char *names[2] = {"inverse_masked", "forward_masked"};
  const auto there = mapped(model, names[forward], points, tau, mask);
  const auto back = mapped(model, names[!forward], there.points, tau, mask);
  const auto tolerance = flow_tolerance(model.metadata());
  const double trip = deviation(model.metadata(), back.points, points);
  if (!(trip <= tolerance.round_trip)) refuse(model, "do not undo each other", trip);
  const double sum = largest(there.log_det + back.log_det);
  if (!(sum <= tolerance.log_det)) refuse(model, "have log-dets that do not sum to zero", sum);
  const auto first =
      mapped(model, names[forward], points.narrow(0, 0, 1), tau, mask.narrow(0, 0, 1));
  const double batch =
      std::max(deviation(model.metadata(), first.points, there.points.narrow(0, 0, 1)),
               largest(first.log_det - there.log_det.narrow(0, 0, 1)));
  if (!(batch <= tolerance.round_trip))
    refuse(model, "map a point differently alone and in a batch", batch);
  report.round_trip = std::max(report.round_trip, trip);
  report.log_det_sum = std::max(report.log_det_sum, sum);
  report.batch = std::max(report.batch, batch);
  return there;
}

/// The log-det at one point [1, S, n, d] against the Jacobian of the mobile numbers.
void check_jacobian(Model &model, const torch::Tensor &point, double log_det,
                    const Temperatures &tau, const torch::Tensor &mask, FlowReport &report) {
  const int64_t size = model.metadata().size();
  const auto mobile = beside_points(mask).expand_as(point).reshape({-1}).nonzero().squeeze(1);
  const int64_t numbers = mobile.size(0);
  if (numbers > most_numbers(model.metadata())) return;
  const torch::AutoGradMode gradients(true);
  auto points = point.repeat({numbers, 1, 1, 1}).requires_grad_(true);
  torch::Tensor jacobian;
  try {
    const auto v =
        model.impl().call("forward_masked", points, tau, mask.expand({numbers, -1}).clone()).points;
    const auto rows = v.reshape({numbers, size}).index_select(1, mobile);
    jacobian = torch::autograd::grad({rows.diagonal().sum()}, {points})[0];
  } catch (const Error &) {
    throw;
  } catch (const std::exception &e) {
    refuse(model, "cannot be differentiated, so that their log-det cannot be checked (" +
                      first_line(e) + ")");
  }
  const auto block =
      jacobian.reshape({numbers, size}).index_select(1, mobile).to(torch::kCPU, torch::kFloat64);
  const double exact = std::get<1>(torch::linalg_slogdet(block)).item<double>();
  const double error = std::fabs(log_det - exact);
  if (!(error <= flow_tolerance(model.metadata()).log_det))
    refuse(model, "report a log_det that is not that of the Jacobian of the mobile atoms", error);
  report.jacobian = std::max(report.jacobian, error);
}

} // namespace

FlowReport check_masked(Model &model, const Temperatures &tau,
                        const std::vector<double> &target_points) {
  auto &impl = model.impl();
  if (!model.has_masked())
    throw Error("model file '" + model.file() +
                "' has no methods forward_masked and inverse_masked, which move some atoms in the "
                "presence of the others: move all atoms, or use an architecture that has them");
  const torch::NoGradGuard no_gradients;
  const int64_t size = model.metadata().size();
  FlowReport report;
  const auto check = [&](bool forward, const torch::Tensor &points) {
    const auto mask = masks_for(impl, points.size(0));
    const auto there = check_round_trip(model, forward, points, tau, mask, report);
    for (int64_t b = 0; b < points.size(0); b++) {
      const auto start = (forward ? points : there.points).narrow(0, b, 1);
      const double log_det = there.log_det[b].item<double>();
      check_jacobian(model, start, forward ? log_det : -log_det, tau, mask.narrow(0, b, 1), report);
    }
  };
  check(true, impl.to_tensor(count, prior_points(model.metadata(), tau.prior, count).data()));
  const auto given = static_cast<int64_t>(target_points.size()) / size;
  if (given > 0) check(false, impl.to_tensor(given, target_points.data()));
  return report;
}

} // namespace nflow
