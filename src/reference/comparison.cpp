#include "reference/comparison.h"

#include <algorithm>
#include <cmath>

namespace nflow::reference {

using estimators::mean_with_error;

namespace {

/// The series of one column of [count, dim].
std::vector<double> column(const std::vector<double> &frames, int64_t dim, int64_t i) {
  std::vector<double> series;
  for (size_t k = static_cast<size_t>(i); k < frames.size(); k += static_cast<size_t>(dim))
    series.push_back(frames[k]);
  return series;
}

template <class Function>
std::vector<double> apply(std::vector<double> series, Function function) {
  for (double &value : series) value = function(value);
  return series;
}

/// The error bar of a probability. What is hardly ever visited shows too few visits, or none, for
/// an error bar of its own: take at least that of a coin with the exact probability, thrown as
/// often as the coordinate behind it has independent samples.
double probability_error(const estimators::Estimate &sampled, double exact,
                         const estimators::Estimate &coordinate) {
  const double independent = std::min(sampled.effective_samples, coordinate.effective_samples);
  return std::max(sampled.error, std::sqrt(exact * (1.0 - exact) / independent));
}

double square(double value) {
  return value * value;
}

} // namespace

std::vector<Observable> compare(const MultiWell &system, const ExactMultiWell &exact,
                                const std::vector<double> &frames) {
  const int64_t dim = system.dim();
  std::vector<double> energies, wells(frames.size());
  for (size_t k = 0; k < frames.size(); k += static_cast<size_t>(dim)) {
    energies.push_back(system.energy(&frames[k]));
    system.to_wells(&frames[k], &wells[k]);
  }
  std::vector<Observable> result;
  result.push_back({"mean energy", "mean energy", mean_with_error(energies), exact.mean_energy()});
  result.push_back({"variance of the energy", "variance of the energy",
                    estimators::variance_with_error(energies), exact.energy_variance()});
  for (int64_t i = 0; i < dim; i++) {
    const auto add = [&](const std::string &kind, const std::vector<double> &series, double value) {
      result.push_back({kind, kind + " " + std::to_string(i + 1), mean_with_error(series), value});
    };
    const auto x = column(frames, dim, i), y = column(wells, dim, i);
    add("well population P(y > 0)", apply(y, [](double v) { return v > 0.0 ? 1.0 : 0.0; }),
        exact.positive_population(i));
    auto &population = result.back();
    population.estimate.error =
        probability_error(population.estimate, population.exact, mean_with_error(y));
    add("<y>", y, exact.mean_y(i));
    add("<y^2>", apply(y, square), exact.mean_square_y(i));
    add("<x>", x, exact.mean_x(i));
    add("<x^2>", apply(x, square), exact.mean_square_x(i));
  }
  return result;
}

std::vector<Observable> compare(const ExactDoubleWell64 &exact, const std::vector<double> &frames) {
  const int64_t dim = exact.dim();
  std::vector<double> energies;
  for (size_t k = 0; k < frames.size(); k += static_cast<size_t>(dim))
    energies.push_back(double_well64_energy(&frames[k]));
  std::vector<Observable> result;
  result.push_back({"mean energy", "mean energy", mean_with_error(energies), exact.mean_energy()});
  result.push_back({"variance of the energy", "variance of the energy",
                    estimators::variance_with_error(energies), exact.energy_variance()});
  const auto first = column(frames, dim, 0);
  Observable basin{"basin population P(x1 > 0)", "basin population P(x1 > 0)",
                   mean_with_error(apply(first, [](double x) { return x > 0.0 ? 1.0 : 0.0; })),
                   exact.positive_population()};
  basin.estimate.error = probability_error(basin.estimate, basin.exact, mean_with_error(first));
  result.push_back(basin);
  for (int64_t i = 0; i < dim; i++) {
    const std::string number = " " + std::to_string(i + 1);
    const auto x = column(frames, dim, i);
    const int which = static_cast<int>(i);
    result.push_back({"<x>", "<x>" + number, mean_with_error(x), exact.mean(which)});
    result.push_back(
        {"<x^2>", "<x^2>" + number, mean_with_error(apply(x, square)), exact.mean_square(which)});
  }
  return result;
}

Marginal compare_marginal(const ExactMultiWell &exact, const std::vector<double> &frames,
                          int64_t coordinate, int bins) {
  const double mean = exact.mean_x(coordinate);
  const double deviation = std::sqrt(exact.mean_square_x(coordinate) - mean * mean);
  const double low = mean - 4.0 * deviation, width = 8.0 * deviation / bins;
  std::vector<double> points; // edges and centres, for Simpson's rule
  for (int p = 0; p <= 2 * bins; p++) points.push_back(low + 0.5 * width * p);
  const auto density = exact.density_x(coordinate, points);
  const auto x = column(frames, exact.dim(), coordinate);
  Marginal result;
  result.coordinate = coordinate;
  double sum = 0.0;
  const auto of_x = mean_with_error(x);
  for (int b = 0; b < bins; b++) {
    const double left = low + b * width;
    // The probability of the bin; the density is that over its width.
    auto estimate = mean_with_error(
        apply(x, [&](double v) { return v >= left && v < left + width ? 1.0 : 0.0; }));
    const double value =
        width * (density[2 * b] + 4.0 * density[2 * b + 1] + density[2 * b + 2]) / 6.0;
    const double probability = std::clamp(value, 0.0, 1.0); // rounding of the Fourier integral
    // Bins with few visits are drawn with a safe error bar, and not counted below: they are not
    // gaussian.
    const bool sparse = probability * of_x.effective_samples < 10.0;
    estimate.error = probability_error(estimate, probability, sparse ? of_x : estimate);
    result.centre.push_back(left + 0.5 * width);
    result.sampled.push_back(estimate.mean / width);
    result.error.push_back(estimate.error / width);
    result.exact.push_back(value / width);
    if (sparse || estimate.error == 0.0) continue;
    result.used_bins++;
    sum += square(estimate.z_score(value));
    result.largest_z = std::max(result.largest_z, std::abs(estimate.z_score(value)));
  }
  if (result.used_bins > 0) result.mean_square_z = sum / static_cast<double>(result.used_bins);
  return result;
}

} // namespace nflow::reference
