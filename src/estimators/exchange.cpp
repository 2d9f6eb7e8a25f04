#include "estimators/exchange.h"

#include "estimators/importance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nflow::estimators {

namespace {

constexpr size_t blocks = 10;

/// The series without its block number `left_out`, all with the sign given.
std::vector<double> without(const std::vector<double> &series, size_t left_out, double sign) {
  std::vector<double> rest;
  for (size_t i = 0; i < series.size(); i++)
    if (i * blocks / series.size() != left_out) rest.push_back(sign * series[i]);
  return rest;
}

/// The acceptance with log-weights of the target's samples, r, and of the proposals, -w.
double acceptance(const std::vector<double> &w, const std::vector<double> &r, size_t left_out) {
  return independence_acceptance(without(r, left_out, 1.0), without(w, left_out, -1.0));
}

double jackknife_error(const std::vector<double> &w, const std::vector<double> &r) {
  if (w.size() < 2 * blocks || r.size() < 2 * blocks) return NAN;
  double sum = 0.0, squares = 0.0;
  for (size_t b = 0; b < blocks; b++) {
    const double value = acceptance(w, r, b);
    sum += value;
    squares += value * value;
  }
  const double count = blocks, mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean) * (count - 1.0));
}

/// Works in ascending order, for sums of exp(-work) over all works above a threshold.
class SortedWorks {
 public:
  explicit SortedWorks(const std::vector<double> &works) : values_(works), order_(works.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::sort(order_.begin(), order_.end(),
              [&](size_t a, size_t b) { return works[a] < works[b]; });
    for (size_t k = 0; k < order_.size(); k++) values_[k] = works[order_[k]];
  }
  size_t size() const { return values_.size(); }
  /// How many are at most `threshold`.
  size_t up_to(double threshold) const {
    return std::upper_bound(values_.begin(), values_.end(), threshold) - values_.begin();
  }
  /// For each k the logarithm of the sum of exp(-work - minus) over all but the k smallest works;
  /// `minus` is in the order that the works were given in.
  std::vector<double> log_tails(const std::vector<double> &minus) const {
    std::vector<double> tails(size() + 1, -INFINITY);
    for (size_t k = size(); k-- > 0;)
      tails[k] = log_add(tails[k + 1], -values_[k] - minus[order_[k]]);
    return tails;
  }

 private:
  std::vector<double> values_;
  std::vector<size_t> order_;
};

/// ln of the mean over the other side of min(1, exp(-work - other)), for each work.
std::vector<double> log_mean_acceptances(const std::vector<double> &works,
                                         const SortedWorks &others) {
  const auto tails = others.log_tails(std::vector<double>(others.size(), 0.0));
  std::vector<double> result;
  for (const double work : works) {
    const size_t sure = others.up_to(-work);
    const double log_sum = log_add(std::log(static_cast<double>(sure)), tails[sure] - work);
    result.push_back(log_sum - std::log(static_cast<double>(others.size())));
  }
  return result;
}

/// Adds dG/d(work) to `slopes`, from log_mean_acceptances() of the works and of the others: both
/// the work's own mean and those of the others hold it, where the acceptance is below one.
void add_slopes(const std::vector<double> &works, const std::vector<double> &means,
                const SortedWorks &others, const std::vector<double> &means_of_others,
                std::vector<double> &slopes) {
  const auto own = others.log_tails(std::vector<double>(others.size(), 0.0)),
             theirs = others.log_tails(means_of_others);
  const double pairs = static_cast<double>(works.size()) * static_cast<double>(others.size());
  for (size_t i = 0; i < works.size(); i++) {
    const size_t sure = others.up_to(-works[i]);
    slopes[i] +=
        (std::exp(own[sure] - works[i] - means[i]) + std::exp(theirs[sure] - works[i])) / pairs;
  }
}

} // namespace

AcceptanceLoss acceptance_loss(const std::vector<double> &forward,
                               const std::vector<double> &backward) {
  AcceptanceLoss loss;
  loss.value = NAN;
  loss.by_forward.assign(forward.size(), 0.0);
  loss.by_backward.assign(backward.size(), 0.0);
  const auto finite = [](const std::vector<double> &works) {
    return !works.empty() &&
           std::all_of(works.begin(), works.end(), [](double w) { return std::isfinite(w); });
  };
  if (!finite(forward) || !finite(backward)) return loss;
  const SortedWorks w(forward), r(backward);
  const auto of_forward = log_mean_acceptances(forward, r),
             of_backward = log_mean_acceptances(backward, w);
  const auto sum = [](const std::vector<double> &values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  const auto n = static_cast<double>(forward.size()), m = static_cast<double>(backward.size());
  loss.value = -sum(of_forward) / n - sum(of_backward) / m;
  add_slopes(forward, of_forward, r, of_backward, loss.by_forward);
  add_slopes(backward, of_backward, w, of_forward, loss.by_backward);
  return loss;
}

ExchangeReport exchange_report(const std::vector<double> &forward,
                               const std::vector<double> &backward) {
  ExchangeReport report;
  report.forward.mean = report.backward.mean = NAN;
  report.ess_forward = report.ess_backward = NAN;
  if (!forward.empty()) {
    report.forward = mean_with_error(forward);
    report.ess_forward = ess_fraction(without(forward, blocks, -1.0));
  }
  if (!backward.empty()) {
    report.backward = mean_with_error(backward);
    report.ess_backward = ess_fraction(without(backward, blocks, -1.0));
  }
  report.j = report.forward.mean + report.backward.mean;
  report.j_error = std::hypot(report.forward.error, report.backward.error);
  report.acceptance = report.acceptance_error = NAN;
  if (forward.empty() || backward.empty()) return report;
  report.acceptance = acceptance(forward, backward, blocks);
  report.acceptance_error = jackknife_error(forward, backward);
  return report;
}

} // namespace nflow::estimators
