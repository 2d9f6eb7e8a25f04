#ifndef NFLOW_TRAINER_DATA_BATCHES_H
#define NFLOW_TRAINER_DATA_BATCHES_H

#include "files/dump_reader.h"
#include "trainer/data/points.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace nflow::trainer {

/// The frames of the samples for training and for validation. Every file is cut into blocks of
/// time, of which every tenth (for a fraction of 0.1) is held out whole: neighbouring frames of a
/// simulation are alike, so frames held out one by one would not be independent of the training.
struct Split {
  std::vector<int64_t> training, validation;
};
Split split_by_blocks(const Samples &samples, double fraction);

/// The points of a flow with a gaussian prior.
class Batches : public PointSource {
 public:
  /// `samples` may be empty. tau is k_B T of prior and momenta; slots is S of the contract.
  Batches(const Samples &samples, Split split, int64_t slots, int64_t coordinates, double tau,
          uint32_t seed);

  bool has_data() const { return !split_.training.empty(); }
  int64_t validation_count() const { return static_cast<int64_t>(split_.validation.size()); }

  /// Samples of the target with fresh momenta.
  Points target(int64_t step, std::pair<int64_t, int64_t> range) const override;
  Points prior(int64_t step, std::pair<int64_t, int64_t> range) const override;
  /// The validation samples in `range` of `count` evenly spread ones, always with the same momenta.
  Points validation(int64_t count, std::pair<int64_t, int64_t> range) const;
  /// Prior points for validation, always the same.
  Points validation_prior(std::pair<int64_t, int64_t> range) const;

 private:
  /// Those with the numbers in `range`, each from put_number(number, point).
  Points points_of(std::pair<int64_t, int64_t> range,
                   const std::function<void(int64_t, double *)> &put_number) const;
  void put(double *point, int64_t frame, uint32_t number, uint64_t attempt) const;

  const Samples &samples_;
  Split split_;
  int64_t slots_, coordinates_;
  double sigma_;
  uint32_t seed_;
};

} // namespace nflow::trainer

#endif
