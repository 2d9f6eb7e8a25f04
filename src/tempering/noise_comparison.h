#ifndef NFLOW_TEMPERING_NOISE_COMPARISON_H
#define NFLOW_TEMPERING_NOISE_COMPARISON_H

#include <cstdint>
#include <vector>

namespace nflow::tempering {

/// Whether the random forces of two replicas are independent, which exchanges rely on. Those of
/// thermostats with one seed are proportional but for their friction, which is much smaller.
class NoiseComparison {
 public:
  /// The forces of thermostats of both, number by number.
  void add(const std::vector<double> &first, const std::vector<double> &second);
  /// Whether there is no need of more: independent numbers would have a correlation beyond the
  /// limit once in 10^9 times after 30 of them, and it is asked at 100 of them at the latest.
  bool decided() const { return count_ >= enough_; }
  bool alike() const { return count_ >= least_ && correlation() > limit_; }
  double correlation() const;

 private:
  static constexpr int64_t least_ = 30, enough_ = 100;
  static constexpr double limit_ = 0.9;

  int64_t count_ = 0;
  double product_ = 0.0, first_square_ = 0.0, second_square_ = 0.0;
};

} // namespace nflow::tempering

#endif
