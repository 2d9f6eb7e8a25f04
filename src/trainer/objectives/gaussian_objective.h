#ifndef NFLOW_TRAINER_OBJECTIVES_GAUSSIAN_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_GAUSSIAN_OBJECTIVE_H

#include "architectures/flow_setting.h"
#include "files/dump_reader.h"
#include "trainer/data/batches.h"
#include "trainer/energies/energy_source.h"
#include "trainer/objectives/flow_objective.h"

#include <memory>

namespace nflow::trainer {

struct TrainOptions;

/// How many components of each atom the flow moves: --dim, or as the energy file has it. Throws
/// Error where neither says it.
int64_t moved_components(const TrainOptions &options);

/// A flow with a gaussian prior, and its target energy: L_ML is the negative log-likelihood
/// (equation 5 of the TSF paper), L_KL the mean of ln q - ln exp(-h) with capped energies (equation
/// 6). LibTorch stays behind the PIMPL.
class GaussianObjective : public FlowObjective {
 public:
  /// Takes energies from `source`, or loads the energy file, if there is one. Throws Error where
  /// energy, samples and options do not fit together.
  GaussianObjective(const TrainOptions &options, const Samples &samples, const Split &split,
                    EnergySource *source = nullptr);
  ~GaussianObjective() override;

  /// Mean, scale and mixing from the samples [count, n, d] (initialise_from_data).
  void initialise(const Samples &samples, const std::vector<int64_t> &training);

  /// Negative log-likelihood of each point [S, n, d] of the target's space.
  std::vector<double> negative_log_likelihood(const Points &target);
  /// ln w = -h(v) - ln q(v) of v = forward(u) for each prior point.
  std::vector<double> log_weights(const Points &prior);
  /// The same of points v of the target's space.
  std::vector<double> log_weights_of_samples(const Points &target);
  bool has_energy() const;
  Metadata metadata() const override;

 private:
  at::Tensor ml(const Points &target) override;
  at::Tensor kl(const Points &prior) override;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
