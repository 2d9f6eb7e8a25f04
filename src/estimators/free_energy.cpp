#include "estimators/free_energy.h"

#include "estimators/autocorrelation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace nflow::estimators {

namespace {

constexpr FreeEnergy unknown = {NAN, NAN};

/// +infinity for what is not finite, or so large that sums with it would overflow.
double or_rejected(double work) {
  return std::abs(work) < 1e100 ? work : HUGE_VAL; // false for NaN
}

std::vector<double> or_rejected(std::vector<double> works) {
  for (double &work : works) work = or_rejected(work);
  return works;
}

bool too_few(const std::vector<double> &works) {
  return works.size() < 2 ||
         std::none_of(works.begin(), works.end(), [](double w) { return std::isfinite(w); });
}

/// 1/(1 + exp(x)), without overflow.
double fermi(double x) {
  if (x > 0.0) {
    const double e = std::exp(-x);
    return e / (1.0 + e);
  }
  return 1.0 / (1.0 + std::exp(x));
}

/// The Fermi functions of a series of works, and their sums.
struct FermiSum {
  double sum = 0.0, slope = 0.0; // slope: sum of f (1 - f)

  FermiSum(const std::vector<double> &works, double shift) {
    for (const double w : works) {
      const double f = fermi(w + shift);
      sum += f;
      slope += f * (1.0 - f);
    }
  }
};

std::vector<double> fermi_series(std::vector<double> works, double shift) {
  for (double &w : works) w = fermi(w + shift);
  return works;
}

/// An interval around the finite numbers among w_F and -w_R. Widened by |M| + 5 + ln(n_F + n_R) at
/// both ends, one side of Bennett's equation is below e^-5 at an end and the other above 0.99: the
/// root lies inside.
struct Bracket {
  double low = HUGE_VAL, high = -HUGE_VAL;

  void include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// The root in Delta f: the left side minus the right side of Bennett's equation grows with it, so
/// that Newton steps which leave the bracket can be replaced by its middle.
double solve(const std::vector<double> &forward, const std::vector<double> &backward, double m) {
  Bracket b;
  for (const double w : forward) b.include(w);
  for (const double w : backward) b.include(-w);
  const double margin =
      std::abs(m) + 5.0 + std::log(static_cast<double>(forward.size() + backward.size()));
  b.low -= margin;
  b.high += margin;
  double x = 0.5 * (b.low + b.high);
  // Each step halves the bracket or is a Newton step; 2000 halvings exhaust any double.
  for (int step = 0; step < 2000; step++) {
    const FermiSum left(forward, m - x), right(backward, -m + x);
    const double difference = left.sum - right.sum;
    if (difference == 0.0) return x; // also where all Fermi functions underflow
    (difference > 0.0 ? b.high : b.low) = x;
    const double tolerance = 1e-13 * std::max(1.0, std::abs(x));
    const double newton = x - difference / (left.slope + right.slope);
    const bool inside = newton > b.low && newton < b.high; // false for NaN
    // A Newton step that is long beside the bracket comes from a flat tail: halve instead.
    const bool trusted = inside && std::abs(newton - x) < 0.5 * (b.high - b.low);
    const double next = trusted ? newton : 0.5 * (b.low + b.high);
    if (std::abs(next - x) < tolerance || b.high - b.low < tolerance) return next;
    x = next;
  }
  return x;
}

/// The standard error of the sum of a series.
double error_of_sum(const std::vector<double> &series) {
  return mean_with_error(series).error * static_cast<double>(series.size());
}

} // namespace

FreeEnergy exp_estimate(const std::vector<double> &all_works) {
  auto weights = or_rejected(all_works);
  if (too_few(weights)) return unknown;
  const double shift = *std::min_element(weights.begin(), weights.end());
  for (double &w : weights) w = std::exp(shift - w);
  const Estimate estimate = mean_with_error(weights);
  return {shift - std::log(estimate.mean), estimate.error / estimate.mean};
}

FreeEnergy bar(const std::vector<double> &all_forward, const std::vector<double> &all_backward) {
  const auto forward = or_rejected(all_forward), backward = or_rejected(all_backward);
  if (too_few(forward) || too_few(backward)) return unknown;
  const double m =
      std::log(static_cast<double>(forward.size()) / static_cast<double>(backward.size()));
  const double value = solve(forward, backward, m);
  // To first order Delta f deviates from its limit by -(sum_F f - sum_R f)/slope with the Fermi
  // functions at that limit: the influence of attempt k is (f_R,k - f_F,k)/slope. The error is
  // that of this series, whose autocorrelation has the correlation of both directions in it.
  const double slope = FermiSum(forward, m - value).slope + FermiSum(backward, -m + value).slope;
  if (!(slope > 0.0)) return unknown; // not even the tails of both directions overlap
  auto influence = fermi_series(forward, m - value);
  const auto right = fermi_series(backward, -m + value);
  if (forward.size() != backward.size())
    return {value, std::hypot(error_of_sum(influence), error_of_sum(right)) / slope};
  for (size_t k = 0; k < influence.size(); k++) influence[k] -= right[k];
  return {value, error_of_sum(influence) / slope};
}

} // namespace nflow::estimators
