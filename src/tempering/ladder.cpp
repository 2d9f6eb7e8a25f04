#include "tempering/ladder.h"

#include "base/error.h"
#include "tempering/monotone.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace nflow::tempering {

namespace {

constexpr double smallest_share = 1e-3; // of a pair in the sum of all rejections

void check_rejections(const std::vector<double> &rejections) {
  for (const double r : rejections)
    if (!(r >= 0.0 && r <= 1.0))
      throw Error("a mean rejection of a ladder is " + std::to_string(r) +
                  ": give each pair of temperatures a number from 0 to 1");
}

void check_temperatures(const std::vector<double> &temperatures) {
  if (temperatures.size() < 2)
    throw Error("a ladder needs at least two temperatures, not " +
                std::to_string(temperatures.size()) + ": give its hot and its cold end");
  const bool ascending = temperatures[0] < temperatures[1];
  for (size_t i = 0; i < temperatures.size(); i++) {
    const bool positive = temperatures[i] > 0.0 && std::isfinite(temperatures[i]);
    const bool ordered = i == 0 || (temperatures[i - 1] != temperatures[i] &&
                                    (temperatures[i - 1] < temperatures[i]) == ascending);
    if (!positive || !ordered)
      throw Error("temperature number " + std::to_string(i + 1) + " of the ladder, " +
                  std::to_string(temperatures[i]) +
                  ", is not positive or out of order: give positive temperatures, all ascending or "
                  "all descending");
  }
}

/// No rejection below its smallest share.
std::vector<double> regularised(std::vector<double> rejections) {
  const double sum = global_barrier(rejections);
  const double floor = sum > 0.0 ? smallest_share * sum : 1.0;
  for (double &r : rejections) r = std::max(r, floor);
  return rejections;
}

} // namespace

bool same_temperature(double a, double b) {
  return std::fabs(a - b) <= 1e-6 * std::fabs(b);
}

double global_barrier(const std::vector<double> &rejections) {
  return cumulative_barrier(rejections).back();
}

std::vector<double> cumulative_barrier(const std::vector<double> &rejections) {
  check_rejections(rejections);
  std::vector<double> result = {0.0};
  for (const double r : rejections) result.push_back(result.back() + r);
  return result;
}

std::vector<double> equal_rejection_ladder(const std::vector<double> &temperatures,
                                           const std::vector<double> &rejections, int count) {
  check_temperatures(temperatures);
  if (rejections.size() + 1 != temperatures.size())
    throw Error("a ladder of " + std::to_string(temperatures.size()) + " temperatures has " +
                std::to_string(temperatures.size() - 1) + " mean rejections, not " +
                std::to_string(rejections.size()) + ": give one for each adjacent pair");
  if (count < 2)
    throw Error("a ladder needs at least two temperatures, not " + std::to_string(count) +
                ": ask for more");
  // Descending ladders by ln(1/T), so that the knots ascend.
  const double sign = temperatures[0] < temperatures[1] ? 1.0 : -1.0;
  std::vector<double> x;
  for (const double t : temperatures) x.push_back(sign * std::log(t));
  const auto barrier = cumulative_barrier(regularised(rejections));
  const MonotoneCubic interpolant(x, barrier);
  std::vector<double> result = {temperatures.front()};
  for (int k = 1; k + 1 < count; k++)
    result.push_back(std::exp(sign * interpolant.inverse(barrier.back() * k / (count - 1))));
  result.push_back(temperatures.back());
  return result;
}

int suggested_replicas(double barrier) {
  // A barrier of 2.5 (1 - 1e-16) asks for six replicas, and one of 2.5 (1 + 1e-16), too.
  return std::max(2, static_cast<int>(std::ceil(2.0 * barrier + 1.0 - 1e-9)));
}

double deo_round_trip_rate(const std::vector<double> &rejections) {
  check_rejections(rejections);
  double sum = 0.0;
  for (const double r : rejections) sum += r / (1.0 - r); // infinite for r = 1
  return 1.0 / (2.0 + 2.0 * sum);
}

} // namespace nflow::tempering
