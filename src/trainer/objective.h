#ifndef NFLOW_OBJECTIVE_H
#define NFLOW_OBJECTIVE_H

#include "model/metadata.h"
#include "trainer/batches.h"

#include <memory>
#include <string>
#include <vector>

namespace nflow::trainer {

struct TrainOptions;

/// Sets options.flow.dim, where it is not given, from the energy file. Throws Error where there is
/// none.
void complete_dim(TrainOptions &options);

/// The flow that is trained, its target energy and the losses. LibTorch stays behind the PIMPL.
/// Parameters are seen from outside as one flat vector in float64.
class Objective {
 public:
  /// Loads the energy file, if there is one, and completes n_atoms, dim, units of `options` from
  /// it. Throws Error where energy, samples and options do not fit together.
  Objective(TrainOptions &options, const Samples &samples);
  ~Objective();
  Objective(const Objective &) = delete;
  Objective &operator=(const Objective &) = delete;

  /// Mean, scale and mixing from the samples [count, n, d] (initialise_from_data).
  void initialise(const Samples &samples, const std::vector<int64_t> &training);

  std::vector<double> parameters() const;
  void set_parameters(const std::vector<double> &parameters);
  /// What is fixed when training begins (from data), and must be the same on every rank.
  std::vector<double> constants() const;
  void set_constants(const std::vector<double> &constants);

  /// Sums over a shard; the caller divides by the global batch.
  struct Terms {
    double ml = 0.0; // L_ML, equation 5 of the TSF paper: negative log-likelihood
    double kl =
        0.0; // L_KL, equation 6, with U / (k_B T) capped, as ln q - ln exp(-h) (h: reduced energy)
  };
  /// Adds to `gradient` d/d(parameters) of ml_weight * sum(ML) + kl_weight * sum(KL).
  Terms add_gradient(const Points &target, double ml_weight, const Points &prior, double kl_weight,
                     std::vector<double> &gradient);

  /// Negative log-likelihood of each point [S, n, d] of the target's space.
  std::vector<double> negative_log_likelihood(const Points &target);
  /// ln w = -h(v) - ln q(v) of v = forward(u) for each prior point.
  std::vector<double> log_weights(const Points &prior);

  bool has_energy() const;
  Metadata metadata() const;
  /// Writes the flow with `parameters` in the arithmetic of options.flow.dtype.
  void save(const std::vector<double> &parameters, const Metadata &metadata,
            const std::string &file);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace nflow::trainer

#endif
