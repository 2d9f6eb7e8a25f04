#ifndef NFLOW_TRAINER_TRAINING_THERMAL_VALIDATION_H
#define NFLOW_TRAINER_TRAINING_THERMAL_VALIDATION_H

#include "estimators/exchange.h"
#include "estimators/exchange_states.h"
#include "trainer/data/states.h"
#include "trainer/data/thermal_data.h"
#include "trainer/objectives/thermal_objective.h"
#include "trainer/training/validation.h"

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
                   const std::vector<ThermalSamples> &data, const std::vector<State> &states)
      : options_(options), parallel_(parallel), objective_(objective), batches_(batches),
        data_(data), states_(states) {}
  bool possible() const override { return !data_.front().split.validation.empty(); }
  double validate(Progress &progress) const override;

  /// Of the flow with its present parameters, from `count` points a side.
  struct PairReport {
    estimators::ExchangeReport exchange;
    double acceptance_loss = NAN;      // G
    estimators::ExchangeStates states; // empty where there are none, or no samples of the target
    std::string worth;                 // a sentence where plain exchange is better; set by table()
  };
  PairReport report(int64_t pair, int64_t count) const;
  /// Of the identity map: plain exchange.
  estimators::ExchangeReport identity(int64_t pair) const;
  /// A table of all pairs: identity, untrained, trained. Leaves `trained` as parameters.
  std::string table(const std::vector<double> &untrained, const std::vector<double> &trained,
                    int64_t count, std::vector<PairReport> &of_trained) const;
  /// One sentence for every state that the flow loses.
  std::vector<std::string> warnings(int64_t pair, const estimators::ExchangeStates &report) const;

 private:
  struct Side {
    std::vector<double> works;
    std::vector<int> before, after; // states
  };
  Side side(int64_t pair, bool forward, int64_t count) const;
  std::string states_table(int64_t pair, const estimators::ExchangeStates &report) const;

  const TrainOptions &options_;
  const Parallel &parallel_;
  ThermalObjective &objective_;
  const ThermalBatches &batches_;
  const std::vector<ThermalSamples> &data_;
  const std::vector<State> &states_;
};

} // namespace nflow::trainer

#endif
