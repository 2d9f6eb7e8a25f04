#include "tempering/noise_comparison.h"

#include <cmath>

namespace nflow::tempering {

void NoiseComparison::add(const std::vector<double> &first, const std::vector<double> &second) {
  for (size_t i = 0; i < first.size(); i++) {
    if (first[i] == 0.0 && second[i] == 0.0) continue; // a direction without noise
    count_++;
    product_ += first[i] * second[i];
    first_square_ += first[i] * first[i];
    second_square_ += second[i] * second[i];
  }
}

double NoiseComparison::correlation() const {
  const double scale = std::sqrt(first_square_ * second_square_);
  return scale > 0.0 ? product_ / scale : 0.0;
}

} // namespace nflow::tempering
