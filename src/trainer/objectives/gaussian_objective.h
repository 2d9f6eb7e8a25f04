#ifndef NFLOW_TRAINER_OBJECTIVES_GAUSSIAN_OBJECTIVE_H
#define NFLOW_TRAINER_OBJECTIVES_GAUSSIAN_OBJECTIVE_H

#include "architectures/flow_setting.h"
#include "files/dump_reader.h"
#include "trainer/objectives/objective.h"

#include <memory>

namespace nflow::trainer {

struct TrainOptions;

/// How many components of each atom the flow moves: --dim, or as the energy file has it. Throws
/// Error where neither says it.
int64_t moved_components(const TrainOptions &options);

/// A flow with a gaussian prior, and its target energy: L_ML is the negative log-likelihood
/// (equation 5 of the TSF paper), L_KL the mean of ln q - ln exp(-h) with capped energies (equation
/// 6). LibTorch stays behind the PIMPL.
class GaussianObjective : public Objective {
 public:
  /// Loads the energy file, if there is one. Throws Error where energy, samples and options do not
  /// fit together.
  GaussianObjective(const TrainOptions &options, const Samples &samples);
  ~GaussianObjective() override;

  /// Mean, scale and mixing from the samples [count, n, d] (initialise_from_data).
  void initialise(const Samples &samples, const std::vector<int64_t> &training);

  std::vector<double> parameters() const override;
  void set_parameters(const std::vector<double> &parameters) override;
  std::vector<double> constants() const override;
  void set_constants(const std::vector<double> &constants) override;
  Terms add_gradient(const Points &target, double ml_weight, const Points &prior, double kl_weight,
                     std::vector<double> &gradient) override;
  const FlowSetting &setting() const;
  Metadata metadata() const override;
  void save(const std::vector<double> &parameters, const Metadata &metadata,
            const std::string &file) override;

  /// Negative log-likelihood of each point [S, n, d] of the target's space.
  std::vector<double> negative_log_likelihood(const Points &target);
  /// ln w = -h(v) - ln q(v) of v = forward(u) for each prior point.
  std::vector<double> log_weights(const Points &prior);
  bool has_energy() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
