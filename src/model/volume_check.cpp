#include "model/volume_check.h"

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "model/model_impl.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

namespace nflow {

namespace {

constexpr int64_t probes = 64;
constexpr double most_errors = 6.0; // standard errors that chance explains

/// Tensors are [count, size], float64 and on the host; numbers are in the order of a point's.
class VolumeCheck {
 public:
  VolumeCheck(Model &model, const double *u, const Temperatures &tau, uint64_t seed)
      : impl_(model.impl()), tau_(tau), size_(impl_.metadata.size()),
        random_(seed, 0, 0, Purpose::check), point_(torch::empty({1, size_}, torch::kFloat64)),
        signs_(torch::empty({probes, size_}, torch::kFloat64)) {
    std::copy_n(u, size_, point_.data_ptr<double>());
    for (int64_t i = 0; i < probes * size_; i++)
      signs_.data_ptr<double>()[i] = random_.uniform() < 0.5 ? -1.0 : 1.0;
  }

  /// Along a random direction, which shows a log-det that forgets something, and along that in
  /// which log_det changes most, which shows one that is somewhat wrong.
  void run(FlowReport &report) {
    direction_ = torch::empty_like(point_);
    random_.fill_gaussian(direction_.data_ptr<double>(), size_, 1.0);
    along_direction(report);
    direction_ = steepest();
    if (direction_.defined()) along_direction(report);
  }

 private:
  struct Volume {
    double claimed = NAN, trace = NAN, error = NAN; // of the trace: standard error
  };

  /// A flow may be so curved that only a small step shows its derivatives.
  void along_direction(FlowReport &report) const {
    const double tolerance = flow_tolerance(impl_.metadata).derivative;
    const double length = std::sqrt(static_cast<double>(size_)); // of the direction, nearly
    double step = (impl_.metadata.dtype == "float32" ? 1e-2 : 1e-4) * std::sqrt(tau_.prior);
    double derivative = INFINITY, excess = INFINITY;
    Volume volume;
    for (int refinement = 0; refinement < 3; refinement++, step *= 0.1) {
      derivative = std::min(derivative, derivative_error(step));
      const auto here = volume_change(step);
      const double beyond = std::fabs(here.claimed - here.trace) - most_errors * here.error -
                            tolerance * std::max(length, std::fabs(here.trace));
      if (beyond < excess) {
        excess = beyond;
        volume = here;
      }
    }
    if (!(derivative <= tolerance))
      refuse("has derivatives that are not those of its forward (off by " + number(derivative, 2) +
             ")");
    if (!(excess <= 0.0))
      refuse("reports a log_det that changes by " + number(volume.claimed, 3) +
             " along a direction where its Jacobian gives " + number(volume.trace, 3) + " +- " +
             number(volume.error, 2));
    report.derivative = std::max(report.derivative, derivative);
    report.jacobian = std::max(report.jacobian, std::fabs(volume.claimed - volume.trace) / length);
  }

  torch::Tensor shaped(const torch::Tensor &points) const {
    return impl_.to_tensor(points.size(0), points.contiguous().data_ptr<double>());
  }
  torch::Tensor flat(const torch::Tensor &points) const {
    return points.detach().to(torch::kCPU, torch::kFloat64).reshape({points.size(0), size_});
  }
  /// The gradient of log_det, of length sqrt(size); undefined where there is none.
  torch::Tensor steepest() const {
    const torch::AutoGradMode gradients(true);
    const auto in = shaped(point_).requires_grad_(true);
    const auto log_det = impl_.call("forward", in, tau_).log_det;
    if (!log_det.requires_grad()) return {};
    const auto gradient =
        torch::autograd::grad({log_det.sum()}, {in}, {}, c10::nullopt, false, true)[0];
    if (!gradient.defined()) return {};
    const double length = gradient.norm().item<double>();
    if (!std::isfinite(length) || length == 0.0) return {};
    return flat(gradient) * (std::sqrt(static_cast<double>(size_)) / length);
  }
  /// J^T w at one point for many w.
  torch::Tensor pulled_back(const char *method, const torch::Tensor &at,
                            const torch::Tensor &w) const {
    const torch::AutoGradMode gradients(true);
    const auto in = shaped(at.expand({w.size(0), size_})).requires_grad_(true);
    const auto out = impl_.call(method, in, tau_).points;
    try {
      return flat(torch::autograd::grad({out}, {in}, {shaped(w).to(out.scalar_type())})[0]);
    } catch (const std::exception &e) {
      refuse_derivatives(impl_.file, e);
    }
  }
  Model::Impl::Mapped beside(double step) const {
    const torch::NoGradGuard no_gradients;
    return impl_.call("forward",
                      shaped(torch::cat({point_ + step * direction_, point_ - step * direction_})),
                      tau_);
  }

  /// w . J s by autograd against differences of the map, relative to |J s|.
  double derivative_error(double step) const {
    const auto ends = beside(step).points.to(torch::kCPU, torch::kFloat64);
    const auto change = ends.select(0, 0) - ends.select(0, 1);
    to_nearest_image(impl_.metadata, change); // a point may have been wrapped on one side only
    const auto measured = change.reshape({1, size_}) / (2.0 * step);
    const auto few = signs_.narrow(0, 0, 4);
    const auto difference =
        (few * measured).sum(1) - (pulled_back("forward", point_, few) * direction_).sum(1);
    const double size = measured.norm().item<double>();
    return difference.abs().max().item<double>() / std::max(size, 1e-300);
  }

  Volume volume_change(double step) const {
    const auto log_det = beside(step).log_det.to(torch::kCPU);
    const auto image = [&] {
      const torch::NoGradGuard no_gradients;
      return flat(impl_.call("forward", shaped(point_), tau_).points);
    }();
    const auto a = pulled_back("inverse", image, signs_); // J^-T w
    const auto terms = ((pulled_back("forward", point_ + step * direction_, a) -
                         pulled_back("forward", point_ - step * direction_, a)) *
                        signs_)
                           .sum(1) /
                       (2.0 * step);
    return {(log_det[0] - log_det[1]).item<double>() / (2.0 * step), terms.mean().item<double>(),
            terms.std().item<double>() / std::sqrt(static_cast<double>(probes))};
  }

  [[noreturn]] void refuse(const std::string &what) const { refuse_flow(impl_.file, what); }

  Model::Impl &impl_;
  Temperatures tau_;
  int64_t size_;
  RandomStream random_;
  torch::Tensor point_, direction_, signs_;
};

} // namespace

void check_volume_changes(Model &model, const double *u, const Temperatures &tau, uint64_t seed,
                          FlowReport &report) {
  VolumeCheck(model, u, tau, seed).run(report);
}

} // namespace nflow
