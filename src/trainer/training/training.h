#ifndef NFLOW_TRAINER_TRAINING_TRAINING_H
#define NFLOW_TRAINER_TRAINING_TRAINING_H

#include "trainer/command/report.h"
#include "trainer/command/train_options.h"
#include "trainer/objectives/objective.h"
#include "trainer/training/adam.h"
#include "trainer/training/checkpoint.h"
#include "trainer/training/parallel.h"
#include "trainer/training/validation.h"

#include <memory>
#include <string>

namespace nflow::trainer {

/// The optimisation loop. All ranks hold the same parameters and take the same decisions; each
/// computes its share of the global batch.
class Training {
 public:
  enum class End { finished, plateau, interrupted };

  Training(const TrainOptions &options, const Parallel &parallel, Objective &objective,
           const PointSource &points, const Validator &validator, TrainingState state,
           const Fingerprint &fingerprint);

  End run();
  const TrainingState &state() const { return state_; }
  const Progress &last() const { return progress_; }
  double seconds() const { return report_->seconds(); }

 private:
  struct StepResult {
    double loss = 0.0;
    Objective::Terms mean;
    std::vector<double> gradient;
    bool interrupted = false;
  };
  StepResult shared_gradient(double lambda);
  /// Of the acceptance loss G of the whole global batch.
  StepResult exchange_gradient();
  StepResult finish_gradient(std::vector<double> sums) const;
  void step();
  void skip();
  void validate();
  void save_checkpoint() const;

  const TrainOptions &options_;
  const Parallel &parallel_;
  Objective &objective_;
  const PointSource &points_;
  const Validator &validator_;
  TrainingState state_;
  const Fingerprint &fingerprint_;
  Adam adam_;
  Progress progress_;
  std::unique_ptr<Report> report_;
  bool interrupted_ = false;
};

/// Lets SIGINT and SIGTERM end the training after a step, with a checkpoint, and sampling after
/// a few.
void catch_signals();
/// Whether there was one.
bool signal_caught();

} // namespace nflow::trainer

#endif
