#ifndef NFLOW_OPERATORS_KICK_DRIFT_WEIGHTS_H
#define NFLOW_OPERATORS_KICK_DRIFT_WEIGHTS_H

#include "operators/kick_drift.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace nflow::operators {

/// What turns weights into the numbers of a map: tau = (k_B T of the prior, of the target) and the
/// units of steps and kicks (docs/flows.md).
struct KickDriftScales {
  double tau_prior, tau_target;
  double step, kick; // of the untrained dynamics at k_B T = 1
  double spline_unit;

  double fall() const { return std::log(tau_target / tau_prior); }
  double step_now() const { return step * std::sqrt(tau_prior); }
  double kick_now() const { return kick / std::sqrt(tau_prior); }
};

enum class KickDriftKind { rate, step, change, spline };

/// The number that a weight w stands for, by its kind. W is double, or a float64 tensor:
///     k = (tau_1/tau_0)^rate,  s = step sqrt(tau_0) e^log,  eta = kick / sqrt(tau_0) (1 + change),
///     coefficient = kick / sqrt(tau_0) unit weight.
struct KickDriftFormulas {
  double fall, step, kick, spline;

  explicit KickDriftFormulas(const KickDriftScales &s)
      : fall(s.fall()), step(s.step_now()), kick(s.kick_now()), spline(kick * s.spline_unit) {}

  template <class W>
  W number(KickDriftKind kind, const W &w) const {
    using std::exp; // that of a tensor is found by its argument
    switch (kind) {
    case KickDriftKind::rate:
      return exp(fall * w);
    case KickDriftKind::step:
      return step * exp(w);
    case KickDriftKind::change:
      return kick * (1.0 + w);
    default:
      return spline * w;
    }
  }
};

/// Where the weights of each kind begin: rates of the damping [L, S], logs of the steps [L, S], log
/// of the first step [S], rate of the last scale [S], changes of the strength [L, P], spline
/// coefficients [L, P, K].
struct KickDriftLayout {
  int64_t layers, species_count, spline_size;

  int64_t pairs() const { return species_count * (species_count + 1) / 2; }
  int64_t drift() const { return layers * species_count; }
  int64_t first_drift() const { return 2 * drift(); }
  int64_t last_scale() const { return first_drift() + species_count; }
  int64_t strength() const { return last_scale() + species_count; }
  int64_t splines() const { return strength() + layers * pairs(); }
  int64_t size() const { return splines() + layers * pairs() * spline_size; }
  /// Calls work(begin, end, kind) for each stretch of weights of one kind, in their order.
  template <class Work>
  void each_kind(Work &&work) const {
    work(int64_t(0), drift(), KickDriftKind::rate);
    work(drift(), last_scale(), KickDriftKind::step);
    work(last_scale(), strength(), KickDriftKind::rate);
    work(strength(), splines(), KickDriftKind::change);
    work(splines(), size(), KickDriftKind::spline);
  }
};

/// The numbers of a map, in the layout of its weights.
template <class T>
class KickDriftNumbers {
 public:
  KickDriftNumbers(const KickDriftLayout &layout, const KickDriftScales &scales, const T *weights)
      : layout_(layout), formulas_(scales), values_(weights, weights + layout.size()) {
    each([&](int64_t i, Kind kind) {
      values_[i] = static_cast<T>(formulas_.number(kind, static_cast<double>(weights[i])));
    });
  }

  /// Points `parameters` to the numbers.
  void give(KickDriftParameters<T> &parameters) const {
    const T *v = values_.data();
    parameters.layers = layout_.layers;
    parameters.species_count = layout_.species_count;
    parameters.spline_size = layout_.spline_size;
    parameters.damping = v;
    parameters.drift = v + layout_.drift();
    parameters.first_drift = v + layout_.first_drift();
    parameters.last_scale = v + layout_.last_scale();
    parameters.strength = v + layout_.strength();
    parameters.splines = v + layout_.splines();
  }
  /// The same places in an array of gradients.
  KickDriftGradients<T> places(T *g) const {
    return {g,
            g + layout_.drift(),
            g + layout_.first_drift(),
            g + layout_.last_scale(),
            g + layout_.strength(),
            g + layout_.splines()};
  }

  /// ln|det| that one atom of each species adds, over the dimension.
  std::vector<double> log_volume() const {
    std::vector<double> sum(layout_.species_count, 0.0);
    for (int64_t i = 0; i < layout_.drift(); i++)
      sum[i % layout_.species_count] += std::log(static_cast<double>(values_[i]));
    for (int64_t s = 0; s < layout_.species_count; s++)
      sum[s] += std::log(static_cast<double>(values_[layout_.last_scale() + s]));
    return sum;
  }

  /// From gradients by the numbers, and by log_volume(), to those by the weights, in place.
  void pull_back(T *gradient, const std::vector<double> &by_log_volume) const {
    each([&](int64_t i, Kind kind) {
      const double g = gradient[i], value = values_[i];
      const int64_t s =
          (i < layout_.drift() ? i : i - layout_.last_scale()) % layout_.species_count;
      gradient[i] =
          static_cast<T>(kind == Kind::rate     ? formulas_.fall * (g * value + by_log_volume[s])
                         : kind == Kind::step   ? g * value
                         : kind == Kind::change ? g * formulas_.kick
                                                : g * formulas_.spline);
    });
  }

 private:
  using Kind = KickDriftKind;

  template <class Work>
  void each(Work &&work) const {
    layout_.each_kind([&](int64_t begin, int64_t end, Kind kind) {
      for (int64_t i = begin; i < end; i++) work(i, kind);
    });
  }

  KickDriftLayout layout_;
  KickDriftFormulas formulas_;
  std::vector<T> values_;
};

} // namespace nflow::operators

#endif
