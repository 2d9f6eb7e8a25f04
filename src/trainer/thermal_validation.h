#ifndef NFLOW_TRAINER_THERMAL_VALIDATION_H
#define NFLOW_TRAINER_THERMAL_VALIDATION_H

#include "estimators/exchange.h"
#include "trainer/thermal_data.h"
#include "trainer/thermal_objective.h"
#include "trainer/validation.h"

#include <string>
#include <vector>

namespace nflow::trainer {

/// Of flows between temperatures: J, exchange acceptance and effective sample sizes from works of
/// held-out samples, mean over the pairs; the score is J (the mean forward work where a target has
/// no samples).
class ThermalValidator : public Validator {
 public:
  ThermalValidator(const TrainOptions &options, const Parallel &parallel,
                   ThermalObjective &objective, const ThermalBatches &batches,
                   const std::vector<ThermalSamples> &data)
      : options_(options), parallel_(parallel), objective_(objective), batches_(batches),
        data_(data) {}
  bool possible() const override { return !data_.front().split.validation.empty(); }
  double validate(Progress &progress) const override;

  /// Of the flow with its present parameters, from `count` points a side.
  estimators::ExchangeReport report(int64_t pair, int64_t count) const;
  /// Of the identity map: plain exchange.
  estimators::ExchangeReport identity(int64_t pair) const;
  /// A table of all pairs: identity, untrained, trained. Leaves `trained` as parameters.
  std::string table(const std::vector<double> &untrained, const std::vector<double> &trained,
                    int64_t count, std::vector<estimators::ExchangeReport> &of_trained) const;

 private:
  std::vector<double> works(int64_t pair, bool forward, int64_t count) const;

  const TrainOptions &options_;
  const Parallel &parallel_;
  ThermalObjective &objective_;
  const ThermalBatches &batches_;
  const std::vector<ThermalSamples> &data_;
};

} // namespace nflow::trainer

#endif
