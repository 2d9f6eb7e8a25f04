#ifndef NFLOW_TRAINER_DATA_POINTS_H
#define NFLOW_TRAINER_DATA_POINTS_H

#include <cstdint>
#include <utility>
#include <vector>

namespace nflow::trainer {

/// Points of a flow's space, [count, S, n, d] behind one another.
struct Points {
  int64_t count = 0;
  std::vector<double> values;
  // Of flows between temperatures:
  int64_t pair = 0;             // the pair of temperatures that they belong to
  std::vector<double> energies; // potential energy of each
};

/// Draws the points of every step. A point depends on the seed, the step and its place in the
/// global batch alone, so it is the same for any number of ranks and after a resume.
class PointSource {
 public:
  virtual ~PointSource() = default;
  /// Points [range) of the global batch of `step` from the target.
  virtual Points target(int64_t step, std::pair<int64_t, int64_t> range) const = 0;
  /// Points [range) of the global batch of `step` from the prior.
  virtual Points prior(int64_t step, std::pair<int64_t, int64_t> range) const = 0;
};

} // namespace nflow::trainer

#endif
