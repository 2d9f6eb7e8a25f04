#ifndef NFLOW_TRAINER_TRAINING_ADAM_H
#define NFLOW_TRAINER_TRAINING_ADAM_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nflow::trainer {

/// Adam (Kingma and Ba 2015) on flat parameters in float64.
class Adam {
 public:
  Adam(std::size_t size, double beta1, double beta2);
  void update(std::vector<double> &parameters, const std::vector<double> &gradient, double rate);
  /// Forgets the moments, after a step back to earlier parameters.
  void reset();

  std::vector<double> mean, square;
  int64_t updates = 0;

 private:
  double beta1_, beta2_;
};

/// The learning rate over its highest value: linear warm-up, then a cosine down to `final_rate`.
double rate_factor(int64_t step, int64_t steps, int64_t warm_up, double final_rate);

/// lambda of L = (1 - lambda) L_ML + lambda L_KL (Dibak, Klein, Noe, section 2): zero up to the
/// fraction `start` of the steps, then linearly up to `weight` at the fraction `full`.
double kl_weight_at(int64_t step, int64_t steps, double weight, double start, double full);

double norm(const std::vector<double> &values);

} // namespace nflow::trainer

#endif
