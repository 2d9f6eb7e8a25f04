#include "reference/quartic_density.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace nflow::reference {

namespace {

constexpr int order = 16;
using Rule = std::array<std::array<double, order>, 2>; // nodes in (-1, 1) and weights

/// Gauss-Legendre nodes as the roots of the Legendre polynomial, by Newton's method.
Rule gauss_legendre() {
  Rule rule{};
  for (int i = 0; i < order; i++) {
    double x = std::cos(M_PI * (i + 0.75) / (order + 0.5)), derivative = 0.0;
    for (int iteration = 0; iteration < 100; iteration++) {
      double p = 1.0, previous = 0.0;
      for (int n = 1; n <= order; n++) {
        const double next = ((2 * n - 1) * x * p - (n - 1) * previous) / n;
        previous = p;
        p = next;
      }
      derivative = order * (x * p - previous) / (x * x - 1.0);
      const double step = p / derivative;
      x -= step;
      if (std::abs(step) < 1e-15) break;
    }
    rule[0][i] = x;
    rule[1][i] = 2.0 / ((1.0 - x * x) * derivative * derivative);
  }
  return rule;
}

const Rule &rule() {
  static const Rule values = gauss_legendre();
  return values;
}

} // namespace

QuarticDensity::QuarticDensity(double a, double b, double c, double temperature)
    : a_(a), b_(b), c_(c), temperature_(temperature) {
  if (!(temperature > 0.0) || !std::isfinite(temperature))
    throw Error("the temperature must be positive, not " + std::to_string(temperature));
  if (!(c > 0.0 || (c == 0.0 && b > 0.0)))
    throw Error(
        "a well needs a positive quartic coefficient, or none and a positive quadratic one: "
        "its density has no normalisation otherwise");
  // E is lowest within |y| <= bound, beyond which the leading term outweighs the others.
  const double bound = c > 0.0 ? 1.0 + (std::abs(a) + std::abs(b)) / c : 1.0 + std::abs(a) / b;
  constexpr int scan = 20000;
  for (int i = -scan; i <= scan; i++) minimum_ = std::min(minimum_, energy(bound * i / scan));
  visible_lower_ = find_edge(-1.0, 41.0);
  visible_upper_ = find_edge(1.0, 41.0);
  lower_ = find_edge(-1.0, 690.0);
  upper_ = find_edge(1.0, 690.0);
  auto before = tabulate(16);
  for (int panels = 32;; panels *= 2) {
    const auto now = tabulate(panels);
    bool converged = true;
    for (size_t i = 0; i < now.size(); i++)
      converged = converged && std::abs(now[i] - before[i]) <= 1e-12 * std::abs(now[i]);
    if (converged) break;
    if (panels > 16384)
      throw Error("the quadrature of a well does not converge at temperature " +
                  std::to_string(temperature) + ": give a higher temperature");
    before = now;
  }
}

double QuarticDensity::find_edge(double direction, double decay) const {
  // Outwards to where E is above the threshold and increasing, then back in small steps to the last
  // point that is above.
  const double threshold = minimum_ + decay * temperature_;
  const double start =
      c_ > 0.0 ? 1.0 + (std::abs(a_) + std::abs(b_)) / c_ : 1.0 + std::abs(a_) / b_;
  double outside = start;
  while (energy(direction * outside) < threshold) outside *= 1.5;
  double inside = outside;
  while (inside > 0.0 && energy(direction * inside) >= threshold) inside -= outside / 4096.0;
  inside = std::max(inside, 0.0);
  outside = std::min(outside, inside + outside / 4096.0);
  return direction * outside;
}

std::vector<double> QuarticDensity::tabulate(int panels) {
  nodes_.clear();
  edges_.clear();
  for (int i = 0; i < panels; i++) edges_.push_back(lower_ * (panels - i) / panels);
  for (int i = 0; i <= panels; i++) edges_.push_back(upper_ * i / panels);
  cumulative_.assign(edges_.size(), 0.0);
  for (size_t e = 0; e + 1 < edges_.size(); e++) {
    const double half = 0.5 * (edges_[e + 1] - edges_[e]),
                 middle = 0.5 * (edges_[e + 1] + edges_[e]);
    double sum = 0.0;
    for (int i = 0; i < order; i++) {
      const double y = middle + half * rule()[0][i];
      const double weight = half * rule()[1][i] * std::exp(-(energy(y) - minimum_) / temperature_);
      nodes_.push_back({y, weight});
      sum += weight;
    }
    cumulative_[e + 1] = cumulative_[e] + sum;
  }
  const double z = cumulative_.back();
  log_partition_ = std::log(z) - minimum_ / temperature_;
  for (Node &node : nodes_) node.weight /= z;
  for (double &value : cumulative_) value /= z;
  return {z, mean([](double y) { return y * y; }),
          mean([this](double y) { return std::pow(energy(y) - minimum_, 2); })};
}

double QuarticDensity::density(double y) const {
  return std::exp(-energy(y) / temperature_ - log_partition_);
}

double QuarticDensity::entropy() const {
  return mean([this](double y) { return energy(y); }) / temperature_ + log_partition_;
}

double QuarticDensity::positive_population() const {
  // The panels meet at zero, with as many on either side.
  return 1.0 - cumulative_[(cumulative_.size() - 1) / 2];
}

double QuarticDensity::mean(const std::function<double(double)> &f) const {
  double sum = 0.0;
  for (const Node &node : nodes_) sum += node.weight * f(node.y);
  return sum;
}

std::complex<double> QuarticDensity::characteristic(double k) const {
  double real = 0.0, imaginary = 0.0;
  for (const Node &node : nodes_) {
    if (node.y < visible_lower_ || node.y > visible_upper_) continue;
    real += node.weight * std::cos(k * node.y);
    imaginary += node.weight * std::sin(k * node.y);
  }
  return {real, imaginary};
}

double QuarticDensity::integral(double from, double to) const {
  const double half = 0.5 * (to - from), middle = 0.5 * (to + from);
  double sum = 0.0;
  for (int i = 0; i < order; i++) sum += rule()[1][i] * density(middle + half * rule()[0][i]);
  return half * sum;
}

double QuarticDensity::quantile(double probability) const {
  const auto above = std::upper_bound(cumulative_.begin(), cumulative_.end(), probability);
  const auto panel = std::clamp<std::ptrdiff_t>(above - cumulative_.begin() - 1, 0,
                                                static_cast<std::ptrdiff_t>(edges_.size()) - 2);
  const double from = edges_[panel], wanted = probability - cumulative_[panel];
  double low = from, high = edges_[panel + 1], y = 0.5 * (low + high);
  // Newton's method inside a shrinking bracket.
  for (int iteration = 0; iteration < 200 && high - low > 1e-14 * (1.0 + std::abs(y));
       iteration++) {
    const double excess = integral(from, y) - wanted;
    (excess > 0.0 ? high : low) = y;
    double next = y - excess / density(y);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - y) < 1e-13 * (1.0 + std::abs(y))) return next;
    y = next;
  }
  return y;
}

} // namespace nflow::reference
