#ifndef NFLOW_BASE_STOPWATCH_H
#define NFLOW_BASE_STOPWATCH_H

#include <chrono>

namespace nflow {

/// Adds the wall time of its own life to `seconds`.
class Stopwatch {
 public:
  explicit Stopwatch(double &seconds) : seconds_(seconds), start_(Clock::now()) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  double &seconds_;
  Clock::time_point start_;
};

} // namespace nflow

#endif
