#include "trainer/training/adam.h"

#include <algorithm>
#include <cmath>

namespace nflow::trainer {

Adam::Adam(size_t size, double beta1, double beta2)
    : mean(size, 0.0), square(size, 0.0), beta1_(beta1), beta2_(beta2) {}

void Adam::reset() {
  std::fill(mean.begin(), mean.end(), 0.0);
  std::fill(square.begin(), square.end(), 0.0);
  updates = 0;
}

void Adam::update(std::vector<double> &parameters, const std::vector<double> &gradient,
                  double rate) {
  updates++;
  const double correct_mean = 1.0 / (1.0 - std::pow(beta1_, static_cast<double>(updates)));
  const double correct_square = 1.0 / (1.0 - std::pow(beta2_, static_cast<double>(updates)));
  for (size_t i = 0; i < parameters.size(); i++) {
    const double g = gradient[i];
    mean[i] = beta1_ * mean[i] + (1.0 - beta1_) * g;
    square[i] = beta2_ * square[i] + (1.0 - beta2_) * g * g;
    parameters[i] -= rate * mean[i] * correct_mean / (std::sqrt(square[i] * correct_square) + 1e-8);
  }
}

double rate_factor(int64_t step, int64_t steps, int64_t warm_up, double final_rate) {
  if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
  const double done = static_cast<double>(step - warm_up) /
                      static_cast<double>(std::max<int64_t>(1, steps - warm_up));
  return final_rate + (1.0 - final_rate) * 0.5 * (1.0 + std::cos(M_PI * std::min(1.0, done)));
}

double kl_weight_at(int64_t step, int64_t steps, double weight, double start, double full) {
  const double done = static_cast<double>(step) / static_cast<double>(steps);
  if (done >= full) return weight;
  return done <= start ? 0.0 : weight * (done - start) / (full - start);
}

double norm(const std::vector<double> &values) {
  double sum = 0.0;
  for (double value : values) sum += value * value;
  return std::sqrt(sum);
}

} // namespace nflow::trainer
