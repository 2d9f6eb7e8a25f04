#ifndef NFLOW_TRAINER_TRAINING_VALIDATION_H
#define NFLOW_TRAINER_TRAINING_VALIDATION_H

#include "estimators/exchange.h"
#include "trainer/command/report.h"
#include "trainer/command/train_options.h"
#include "trainer/data/batches.h"
#include "trainer/objectives/gaussian_objective.h"
#include "trainer/training/checkpoint.h"
#include "trainer/training/parallel.h"

namespace nflow::trainer {

/// Judges the flow on what it was not trained on. Collective.
class Validator {
 public:
  virtual ~Validator() = default;
  /// Whether there is anything to judge it by.
  virtual bool possible() const = 0;
  /// Fills what it measures into `progress` and returns a number that is the lower the better.
  virtual double validate(Progress &progress) const = 0;
};

/// Of a flow with a gaussian prior: negative log-likelihood of held-out samples, and ESS of
/// proposals where the energy is known.
class GaussianValidator : public Validator {
 public:
  GaussianValidator(const TrainOptions &options, const Parallel &parallel,
                    GaussianObjective &objective, const Batches &batches)
      : options_(options), parallel_(parallel), objective_(objective), batches_(batches) {}
  bool possible() const override;
  double validate(Progress &progress) const override;
  /// With the present parameters, NaN where energy or held-out samples are not known: proposals
  /// and held-out samples as the two sides of an exchange, whose works are minus and plus their
  /// log-weights, so that its acceptance is that of independence moves.
  estimators::ExchangeReport report() const;
  /// Negative log-likelihoods of held-out samples, joint in coordinates and momenta.
  std::vector<double> negative_log_likelihoods() const;
  /// A sentence where the best flow of this training is of no use (worth.h). Leaves it as
  /// parameters; `report` is its own.
  std::string worth(const TrainingState &state, estimators::ExchangeReport &report) const;

 private:
  const TrainOptions &options_;
  const Parallel &parallel_;
  GaussianObjective &objective_;
  const Batches &batches_;
};

} // namespace nflow::trainer

#endif
