#include "estimators/autocorrelation.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace nflow::estimators {

namespace {

double mean_of(const double *values, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += values[i];
  return sum / static_cast<double>(count);
}

std::vector<double> deviations(const std::vector<double> &series) {
  const double mean = mean_of(series.data(), series.size());
  std::vector<double> result(series);
  for (double &value : result) value -= mean;
  return result;
}

double autocovariance(const std::vector<double> &deviation, size_t lag) {
  double sum = 0.0;
  for (size_t i = lag; i < deviation.size(); i++) sum += deviation[i] * deviation[i - lag];
  return sum / static_cast<double>(deviation.size());
}

} // namespace

double Estimate::z_score(double exact) const {
  if (mean == exact) return 0.0;
  return (mean - exact) / error;
}

double integrated_autocorrelation_time(const std::vector<double> &series, double window_factor) {
  const size_t n = series.size();
  if (n < 2) return 1.0;
  const auto deviation = deviations(series);
  const double variance = autocovariance(deviation, 0);
  if (!(variance > 0.0)) return 1.0;
  double tau = 1.0;
  for (size_t lag = 1; lag < n; lag++) {
    tau += 2.0 * autocovariance(deviation, lag) / variance;
    if (static_cast<double>(lag) >= window_factor * tau) break;
  }
  return std::max(tau, 1.0 / static_cast<double>(n));
}

Estimate mean_with_error(const std::vector<double> &series) {
  Estimate estimate;
  const auto n = static_cast<double>(series.size());
  if (series.empty()) return estimate;
  estimate.mean = mean_of(series.data(), series.size());
  estimate.tau = integrated_autocorrelation_time(series);
  estimate.effective_samples = n / estimate.tau;
  const double variance = autocovariance(deviations(series), 0);
  // The variance around the sample's own mean is too small by the factor 1 - tau/N; with fewer than
  // two effective samples no error bar can be had at all, and the largest one that the data allow
  // is given.
  const double shrinkage = std::max(1.0 - estimate.tau / n, 0.5);
  estimate.error = std::sqrt(variance / shrinkage * estimate.tau / n);
  return estimate;
}

Estimate mean_of_many(const std::vector<double> &series) {
  constexpr size_t most = 4096;
  const size_t length = (series.size() + most - 1) / most;
  if (length < 2) return mean_with_error(series);
  std::vector<double> means;
  for (size_t first = 0; first + length <= series.size(); first += length)
    means.push_back(mean_of(series.data() + first, length));
  auto estimate = mean_with_error(means);
  const auto n = static_cast<double>(series.size());
  const double variance = autocovariance(deviations(series), 0);
  estimate.mean = mean_of(series.data(), series.size());
  estimate.tau = variance > 0.0 ? estimate.error * estimate.error * n / variance : 1.0;
  estimate.effective_samples = n / estimate.tau;
  return estimate;
}

Estimate variance_with_error(const std::vector<double> &series) {
  if (series.empty()) return {};
  auto squares = deviations(series);
  for (double &value : squares) value *= value;
  Estimate estimate = mean_with_error(squares);
  // The same bias as above, this time of the mean itself.
  const auto n = static_cast<double>(series.size());
  const double shrinkage = std::max(1.0 - integrated_autocorrelation_time(series) / n, 0.5);
  estimate.mean /= shrinkage;
  estimate.error /= shrinkage;
  return estimate;
}

double block_error(const std::vector<double> &series, int blocks) {
  if (blocks < 2 || series.size() < static_cast<size_t>(blocks))
    throw Error("block errors need at least two blocks and a sample in each, not " +
                std::to_string(blocks) + " blocks of " + std::to_string(series.size()) +
                " samples: give more samples or other blocks");
  const size_t length = series.size() / static_cast<size_t>(blocks);
  std::vector<double> means;
  for (int b = 0; b < blocks; b++)
    means.push_back(mean_of(series.data() + static_cast<size_t>(b) * length, length));
  const double variance = autocovariance(deviations(means), 0);
  return std::sqrt(variance / static_cast<double>(blocks - 1));
}

} // namespace nflow::estimators
