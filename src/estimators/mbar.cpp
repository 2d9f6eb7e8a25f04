#include "estimators/mbar.h"

#include "base/error.h"
#include "estimators/cholesky.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace nflow::estimators {

namespace {

void check(const MbarSamples &samples) {
  const size_t states = samples.counts.size();
  if (states == 0 || samples.u.size() != states)
    throw Error("MBAR needs the reduced energies of all samples in each of its " +
                std::to_string(states) + " states: give one row a state");
  const size_t total = std::accumulate(samples.counts.begin(), samples.counts.end(), size_t{0});
  size_t first = 0;
  for (size_t k = 0; k < states; k++) {
    if (samples.counts[k] < 2)
      throw Error("MBAR needs at least two samples in each state, state " + std::to_string(k) +
                  " has " + std::to_string(samples.counts[k]) + ": give more or leave it out");
    if (samples.u[k].size() != total)
      throw Error("state " + std::to_string(k) + " of MBAR has the energies of " +
                  std::to_string(samples.u[k].size()) + " samples, not of all " +
                  std::to_string(total) + ": give each sample an energy in each state");
    for (size_t n = first; n < first + samples.counts[k]; n++)
      if (!std::isfinite(samples.u[k][n]))
        throw Error("sample " + std::to_string(n - first) + " of state " + std::to_string(k) +
                    " has no finite energy in its own state: leave it out");
    first += samples.counts[k];
  }
}

/// Free energies from neighbour to neighbour, where Newton's method begins.
std::vector<double> chain_of_bar(const MbarSamples &samples) {
  std::vector<double> f = {0.0};
  size_t first = 0;
  for (size_t k = 0; k + 1 < samples.counts.size(); k++) {
    const size_t middle = first + samples.counts[k], last = middle + samples.counts[k + 1];
    std::vector<double> forward, backward;
    for (size_t n = first; n < middle; n++)
      forward.push_back(samples.u[k + 1][n] - samples.u[k][n]);
    for (size_t n = middle; n < last; n++)
      backward.push_back(samples.u[k][n] - samples.u[k + 1][n]);
    const double step = bar(forward, backward).value;
    f.push_back(f.back() + (std::isfinite(step) ? step : 0.0));
    first = middle;
  }
  return f;
}

/// The second derivatives sum_n p_k (delta_kl - p_l) for k, l >= 1: f_0 stays at zero.
Matrix hessian(const std::vector<std::vector<double>> &p) {
  const size_t size = p.size() - 1;
  Matrix result(size, std::vector<double>(size, 0.0));
  for (size_t k = 0; k < size; k++) {
    for (size_t l = 0; l < k; l++)
      result[k][l] = result[l][k] =
          -std::inner_product(p[k + 1].begin(), p[k + 1].end(), p[l + 1].begin(), 0.0);
    for (const double share : p[k + 1]) result[k][k] += share * (1.0 - share);
  }
  return result;
}

/// The factor of the matrix, with as much added to its diagonal as it needs to have one: where
/// states do not overlap the matrix is singular, and any step down the gradient will do.
Matrix damped_factor(const Matrix &matrix) {
  for (double damping = 0.0; damping<1e6; damping = damping> 0.0 ? 10.0 * damping : 1e-12) {
    Matrix damped(matrix);
    for (size_t k = 0; k < damped.size(); k++) damped[k][k] += damping * (matrix[k][k] + 1.0);
    const auto factor = cholesky(damped);
    if (!factor.empty() || damped.empty()) return factor;
  }
  throw Error("the reduced energies given to MBAR are too large for its arithmetic: leave out "
              "samples of absurd energy");
}

} // namespace

MbarSamples samples_of_energies(const std::vector<std::vector<double>> &energies,
                                const std::vector<double> &betas) {
  if (energies.size() != betas.size())
    throw Error("MBAR needs one temperature a series of energies, not " +
                std::to_string(betas.size()) + " for " + std::to_string(energies.size()) +
                ": give as many of both");
  MbarSamples samples;
  std::vector<double> pooled;
  for (const auto &series : energies) {
    samples.counts.push_back(series.size());
    pooled.insert(pooled.end(), series.begin(), series.end());
  }
  for (const double beta : betas) {
    samples.u.push_back(pooled);
    for (double &u : samples.u.back()) u *= beta;
  }
  return samples;
}

Mbar::Mbar(MbarSamples samples) : samples_(std::move(samples)) {
  check(samples_);
  // A sample that is impossible in another state has weight zero there.
  for (auto &row : samples_.u)
    for (double &u : row)
      if (!std::isfinite(u)) u = HUGE_VAL;
  solve();
  log_mixture_ = log_mixture(f_);
  p_ = shares(f_, log_mixture_);
  factor_ = cholesky(hessian(p_));
}

std::vector<double> Mbar::log_mixture(const std::vector<double> &f) const {
  std::vector<double> result(samples_.u[0].size());
  std::vector<double> terms(f.size());
  for (size_t n = 0; n < result.size(); n++) {
    for (size_t l = 0; l < f.size(); l++)
      terms[l] = std::log(static_cast<double>(samples_.counts[l])) + f[l] - samples_.u[l][n];
    const double largest = *std::max_element(terms.begin(), terms.end());
    double sum = 0.0;
    for (const double term : terms) sum += std::exp(term - largest);
    result[n] = largest + std::log(sum);
  }
  return result;
}

std::vector<std::vector<double>> Mbar::shares(const std::vector<double> &f,
                                              const std::vector<double> &log_mixture) const {
  std::vector<std::vector<double>> p(f.size(), std::vector<double>(log_mixture.size()));
  for (size_t k = 0; k < f.size(); k++) {
    const double shift = std::log(static_cast<double>(samples_.counts[k])) + f[k];
    for (size_t n = 0; n < log_mixture.size(); n++)
      p[k][n] = std::exp(shift - samples_.u[k][n] - log_mixture[n]);
  }
  return p;
}

double Mbar::objective(const std::vector<double> &f) const {
  const auto mixture = log_mixture(f);
  double sum = std::accumulate(mixture.begin(), mixture.end(), 0.0);
  for (size_t k = 0; k < f.size(); k++) sum -= static_cast<double>(samples_.counts[k]) * f[k];
  return sum;
}

void Mbar::solve() {
  f_ = chain_of_bar(samples_);
  double current = objective(f_);
  for (int iteration = 0; iteration < 200; iteration++) {
    const auto p = shares(f_, log_mixture(f_));
    std::vector<double> gradient;
    for (size_t k = 1; k < f_.size(); k++)
      gradient.push_back(std::accumulate(p[k].begin(), p[k].end(), 0.0) -
                         static_cast<double>(samples_.counts[k]));
    const auto step = cholesky_solve(damped_factor(hessian(p)), gradient);
    // Near the minimum the differences of the function drown in its rounding.
    const double rounding = 1e-13 * std::abs(current);
    double length = 1.0, largest = 0.0;
    for (const double s : step) largest = std::max(largest, std::abs(s));
    std::vector<double> next;
    for (int halving = 0; halving < 60; halving++, length *= 0.5) {
      next = f_;
      for (size_t k = 1; k < f_.size(); k++) next[k] -= length * step[k - 1];
      if (objective(next) <= current + rounding) break;
    }
    f_ = next;
    current = objective(f_);
    if (!(length * largest > 1e-11)) return;
  }
}

double Mbar::error_of_sum(const std::vector<double> &influence) const {
  const auto &counts = samples_.counts;
  const bool paired =
      std::all_of(counts.begin(), counts.end(), [&](size_t count) { return count == counts[0]; });
  double variance = 0.0;
  std::vector<double> together(counts[0], 0.0);
  size_t first = 0;
  for (const size_t count : counts) {
    const auto begin = influence.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<double> series(begin, begin + static_cast<std::ptrdiff_t>(count));
    if (paired)
      for (size_t t = 0; t < count; t++) together[t] += series[t];
    else
      variance += std::pow(mean_with_error(series).error * static_cast<double>(count), 2);
    first += count;
  }
  if (paired) return mean_with_error(together).error * static_cast<double>(counts[0]);
  return std::sqrt(variance);
}

std::vector<double> Mbar::influence(const std::vector<double> &direction) const {
  // f deviates by minus the inverse Hessian times the deviation of sum_n p(n), to first order.
  const auto solution =
      cholesky_solve(factor_, std::vector<double>(direction.begin() + 1, direction.end()));
  std::vector<double> result(total(), 0.0);
  for (size_t k = 1; k < p_.size(); k++)
    for (size_t n = 0; n < result.size(); n++) result[n] -= solution[k - 1] * p_[k][n];
  return result;
}

FreeEnergy Mbar::free_energy(int state) const {
  if (state == 0) return {0.0, 0.0};
  const auto k = static_cast<size_t>(state);
  if (factor_.empty()) return {f_[k], NAN};
  std::vector<double> direction(f_.size(), 0.0);
  direction[k] = 1.0;
  return {f_[k], error_of_sum(influence(direction))};
}

Estimate Mbar::expectation(const std::vector<double> &observable,
                           const std::vector<double> &target) const {
  if (observable.size() != total() || target.size() != total())
    throw Error("an expectation by MBAR needs the observable and the reduced energy of all " +
                std::to_string(total()) + " samples: give one number of each a sample");
  std::vector<double> w(total());
  double largest = -HUGE_VAL, sum = 0.0, squares = 0.0, mean = 0.0;
  for (size_t n = 0; n < total(); n++) {
    w[n] = std::isfinite(target[n]) ? -target[n] - log_mixture_[n] : -HUGE_VAL;
    largest = std::max(largest, w[n]);
  }
  if (!std::isfinite(largest)) return {NAN, NAN, NAN, NAN};
  for (double &weight : w) sum += weight = std::exp(weight - largest);
  for (size_t n = 0; n < total(); n++) {
    w[n] /= sum;
    squares += w[n] * w[n];
    if (w[n] > 0.0) mean += w[n] * observable[n];
  }
  // The influence of a sample itself, and that by way of the free energies in the mixture.
  std::vector<double> direct(total(), 0.0), direction(f_.size(), 0.0);
  for (size_t n = 0; n < total(); n++)
    if (w[n] > 0.0) direct[n] = w[n] * (observable[n] - mean);
  for (size_t k = 0; k < f_.size(); k++)
    direction[k] = -std::inner_product(direct.begin(), direct.end(), p_[k].begin(), 0.0);
  Estimate result = {mean, NAN, 1.0, 1.0 / squares};
  if (factor_.empty() && f_.size() > 1) return result;
  const auto indirect = influence(direction);
  for (size_t n = 0; n < total(); n++) direct[n] += indirect[n];
  result.error = error_of_sum(direct);
  return result;
}

} // namespace nflow::estimators
