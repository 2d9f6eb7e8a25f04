#ifndef NFLOW_ESTIMATORS_CONFIGURATIONAL_TEMPERATURE_H
#define NFLOW_ESTIMATORS_CONFIGURATIONAL_TEMPERATURE_H

#include "estimators/autocorrelation.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace nflow::estimators {

/// The temperature at which configurations were sampled, as the forces tell it: in equilibrium
/// k_B T = < |F|^2 > / < laplacian U >. The laplacian comes from central differences of the forces
/// along a random direction of signs v, whose mean v . H v it is (Hutchinson). One law for all who
/// are given samples: the trainer and the reservoirs of fix nflow/mc.
class ConfigurationalTemperature {
 public:
  /// Forces [count, numbers] at x [count, numbers]; false where an energy is not finite.
  using Forces = std::function<bool(int64_t count, const double *x, double *forces)>;

  /// For configurations of `numbers` coordinates whose typical distance is `distance`.
  ConfigurationalTemperature(int64_t numbers, double distance)
      : numbers_(numbers), distance_(distance) {}

  /// How many of `count` configurations to look at: more where they are small.
  int64_t frames(int64_t count) const;
  /// Looks at one configuration x [numbers]; `frame` chooses the direction. Appends |F|^2 and the
  /// estimate of the laplacian to `results`, or nothing where there are no forces.
  void add(uint64_t frame, const double *x, const Forces &forces,
           std::vector<double> &results) const;
  /// k_B T from such results, of all ranks. An error that is not finite: the samples cannot tell
  /// (fewer than 20, or no positive laplacian).
  static Estimate tau(const std::vector<double> &results);
  /// Whether the samples are of another k_B T than `tau`: by more than 5 percent and 5 standard
  /// errors.
  static bool differs(const Estimate &measured, double tau);

 private:
  int64_t numbers_;
  double distance_;
};

/// Of neighbours in a periodic box of these lengths [dim]; without any (an open system) the mean
/// spread of a coordinate over the configurations x [count, atoms, dim].
double typical_distance(const std::vector<double> &box, const double *x, int64_t count,
                        int64_t atoms, int64_t dim);

} // namespace nflow::estimators

#endif
