#ifndef NFLOW_TRAINER_OBJECTIVES_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_OBJECTIVE_H

#include "model/metadata.h"
#include "trainer/data/points.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace nflow::trainer {

/// The flow that is trained and its losses. Parameters are seen from outside as one flat vector in
/// float64.
class Objective {
 public:
  virtual ~Objective() = default;

  virtual std::vector<double> parameters() const = 0;
  virtual void set_parameters(const std::vector<double> &parameters) = 0;
  /// What is fixed when training begins (from data), and must be the same on every rank.
  virtual std::vector<double> constants() const = 0;
  virtual void set_constants(const std::vector<double> &constants) = 0;

  /// Sums over a shard; the caller divides by the global batch.
  struct Terms {
    double ml = 0.0; // of points of the target, mapped to the prior
    double kl = 0.0; // of points of the prior, mapped to the target
  };
  /// Adds to `gradient` d/d(parameters) of ml_weight * sum(ML) + kl_weight * sum(KL).
  virtual Terms add_gradient(const Points &target, double ml_weight, const Points &prior,
                             double kl_weight, std::vector<double> &gradient) = 0;

  /// Of points of the prior mapped forward, and of points of the target mapped backward.
  struct Works {
    std::vector<double> forward, backward;
  };
  /// For losses that depend on all works of the global batch at once: the works of a shard, which
  /// are remembered; then, with d loss / d work of each of them, adds d loss / d parameters to
  /// `gradient` and forgets them. Flows between temperatures have them.
  virtual Works keep_works(const Points &, const Points &) {
    throw std::logic_error("this objective has no works");
  }
  virtual void add_gradient_of_kept(const Works &, std::vector<double> &) {
    throw std::logic_error("this objective has no works");
  }

  virtual Metadata metadata() const = 0;
  /// Writes the flow with `parameters` in the arithmetic of options.flow.dtype.
  virtual void save(const std::vector<double> &parameters, const Metadata &metadata,
                    const std::string &file) = 0;
};

} // namespace nflow::trainer

#endif
