#ifndef NFLOW_TRAINER_DATA_THERMAL_DATA_H
#define NFLOW_TRAINER_DATA_THERMAL_DATA_H

#include "estimators/autocorrelation.h"
#include "files/dump_reader.h"
#include "trainer/data/batches.h"
#include "trainer/data/points.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace nflow::trainer {

/// Equilibrium samples of one temperature with their energies, cut into training and validation.
/// There may be none.
struct ThermalSamples {
  double temperature = 0.0; // as LAMMPS has it
  Samples samples;
  std::vector<double> energies;   // one a frame
  estimators::Estimate by_forces; // the temperature that forces tell; configurational_tau()
  Split split;
};

/// The points of flows between neighbours of a list of temperatures T_0, T_1 ..: pair i leads from
/// T_i (prior) to T_{i+1} (target). Auxiliary momenta of unit variance are drawn anew for every
/// point.
class ThermalBatches : public PointSource {
 public:
  ThermalBatches(const std::vector<ThermalSamples> &data, int64_t slots, int64_t coordinates,
                 uint32_t seed)
      : data_(data), slots_(slots), coordinates_(coordinates), seed_(seed) {}

  int64_t pairs() const { return static_cast<int64_t>(data_.size()) - 1; }
  /// The pair that a step trains.
  int64_t pair_of(int64_t step) const;
  Points target(int64_t step, std::pair<int64_t, int64_t> range) const override;
  Points prior(int64_t step, std::pair<int64_t, int64_t> range) const override;
  /// Points [range) of `count` held-out samples of the target (or the prior) of a pair, evenly
  /// spread, always the same; a sample comes more than once, with other momenta, where there are
  /// fewer. Empty where there are none.
  Points validation(int64_t pair, bool target, int64_t count,
                    std::pair<int64_t, int64_t> range) const;

 private:
  Points training(int64_t step, bool target, std::pair<int64_t, int64_t> range) const;
  void put(const ThermalSamples &samples, int64_t frame, uint32_t number, uint64_t attempt,
           int64_t place, Points &points) const;

  const std::vector<ThermalSamples> &data_;
  int64_t slots_, coordinates_;
  uint32_t seed_;
};

} // namespace nflow::trainer

#endif
