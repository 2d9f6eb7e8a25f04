#include "trainer/objectives/thermal_objective.h"

#include "trainer/objectives/source_energy.h"
#include "trainer/training/trained_flow.h"

#include <torch/script.h>

#include <cmath>

namespace nflow::trainer {

namespace {

constexpr int64_t evaluation_batch = 128;
// Works above this, in the loss only, grow logarithmically: large gradients teach nothing.
constexpr double largest_work = 1000.0;

} // namespace

struct ThermalObjective::Impl {
  Impl(TrainedFlow &trained, double cap_of_loss, EnergySource &energies)
      : flow(trained), source(energies), cap(cap_of_loss) {}

  TrainedFlow &flow;
  EnergySource &source;
  double cap;
  torch::Tensor kept_forward, kept_backward;

  torch::Tensor momenta_energy(const torch::Tensor &points) const {
    if (flow.slots() == 1) return torch::zeros({points.size(0)}, torch::kFloat64);
    return points.select(1, 1).flatten(1).to(torch::kFloat64).square().sum(1) * 0.5;
  }

  /// The work of each point, [count] float64, and where it leads.
  struct Mapped {
    torch::Tensor work, x;
  };
  torch::Tensor work(const Points &points, bool forward, bool in_loss) {
    return mapped(points, forward, in_loss).work;
  }
  Mapped mapped(const Points &points, bool forward, bool in_loss) {
    const double tau_prior = flow.setting().tau(points.pair);
    const double tau_target = flow.setting().tau(points.pair + 1);
    const double tau_in = forward ? tau_prior : tau_target;
    const double tau_out = forward ? tau_target : tau_prior;
    const auto in = flow.tensor(points);
    const auto out = flow.call(forward ? "forward" : "inverse", in,
                               torch::tensor({tau_prior, tau_target}, torch::kFloat64));
    const auto x = out.points.select(1, 0).to(torch::kFloat64);
    const auto u_out = source_energy(x, source, in_loss ? cap * tau_out : INFINITY);
    const auto u_in = torch::from_blob(const_cast<double *>(points.energies.data()), {points.count},
                                       torch::kFloat64);
    const auto work = u_out / tau_out + momenta_energy(out.points) - u_in / tau_in -
                      momenta_energy(in) - out.log_det;
    if (!in_loss) return {work, x};
    const auto excess = (work - largest_work).clamp_min(0.0);
    return {torch::where(work > largest_work, largest_work + torch::log1p(excess), work), x};
  }
};

ThermalObjective::ThermalObjective(const FlowSetting &setting, const std::string &precision,
                                   double cap, EnergySource &source) {
  flow_ = std::make_unique<TrainedFlow>(setting, precision);
  impl_ = std::make_unique<Impl>(*flow_, cap, source);
}

ThermalObjective::~ThermalObjective() = default;

torch::Tensor ThermalObjective::ml(const Points &target) {
  return impl_->work(target, false, true);
}

torch::Tensor ThermalObjective::kl(const Points &prior) {
  return impl_->work(prior, true, true);
}

Objective::Works ThermalObjective::keep_works(const Points &target, const Points &prior) {
  const auto values = [&](const Points &points, bool forward, torch::Tensor &kept) {
    kept =
        points.count > 0 ? impl_->work(points, forward, true) : torch::zeros({0}, torch::kFloat64);
    const auto plain = kept.detach().contiguous();
    return std::vector<double>(plain.data_ptr<double>(), plain.data_ptr<double>() + points.count);
  };
  Works works;
  works.forward = values(prior, true, impl_->kept_forward);
  works.backward = values(target, false, impl_->kept_backward);
  return works;
}

void ThermalObjective::add_gradient_of_kept(const Works &weights, std::vector<double> &gradient) {
  const auto weighted = [](const torch::Tensor &works, const std::vector<double> &by_work) {
    return (works * torch::tensor(by_work, torch::kFloat64)).sum();
  };
  const auto loss = weighted(impl_->kept_forward, weights.forward) +
                    weighted(impl_->kept_backward, weights.backward);
  flow_->add_gradient(loss, gradient);
  impl_->kept_forward = impl_->kept_backward = torch::Tensor();
}

std::vector<double> ThermalObjective::works(const Points &points, bool forward,
                                            std::vector<double> *mapped) {
  torch::NoGradGuard no_gradient;
  std::vector<double> all;
  const int64_t size = points.count ? static_cast<int64_t>(points.values.size()) / points.count : 0;
  for (int64_t at = 0; at < points.count; at += evaluation_batch) {
    Points part;
    part.pair = points.pair;
    part.count = std::min(evaluation_batch, points.count - at);
    part.values.assign(points.values.begin() + at * size,
                       points.values.begin() + (at + part.count) * size);
    part.energies.assign(points.energies.begin() + at, points.energies.begin() + at + part.count);
    const auto result = impl_->mapped(part, forward, false);
    const auto values = result.work.contiguous();
    if (mapped) {
      const auto x = result.x.contiguous();
      mapped->insert(mapped->end(), x.data_ptr<double>(), x.data_ptr<double>() + x.numel());
    }
    all.insert(all.end(), values.data_ptr<double>(), values.data_ptr<double>() + part.count);
  }
  return all;
}

Metadata ThermalObjective::metadata() const {
  auto metadata = FlowObjective::metadata();
  const auto [key, value] = impl_->source.provenance();
  metadata.provenance[key] = value;
  return metadata;
}

} // namespace nflow::trainer
