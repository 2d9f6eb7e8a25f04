#include "reference/evaluation.h"

#include "base/error.h"
#include "estimators/importance.h"

#include <algorithm>
#include <cmath>

namespace nflow::reference {

namespace {

constexpr int64_t batch_size = 500;

/// ln of the normal density of variance T at `u` [size].
double log_normal(const double *u, int64_t size, double temperature) {
  double squares = 0.0;
  for (int64_t i = 0; i < size; i++) squares += u[i] * u[i];
  return -0.5 * squares / temperature -
         0.5 * static_cast<double>(size) * std::log(2.0 * M_PI * temperature);
}

/// A batch of points and its image under the flow, with ln q of the points on the target side.
class FlowBatch {
 public:
  FlowBatch(Flow &flow, bool auxiliary, const MultiWell &system, double temperature)
      : flow_(flow), system_(system), temperature_(temperature), dim_(system.dim()),
        size_((auxiliary ? 2 : 1) * dim_), u_(static_cast<size_t>(batch_size * size_)), v_(u_),
        log_det_(batch_size) {}

  /// Exact samples with fresh momenta; calls use(ln target density but for its constant, ln q).
  template <class Use>
  void from_target(const ExactMultiWell &exact, int64_t count, RandomStream &random, Use use) {
    for (int64_t b = 0; b < count; b++) {
      exact.sample(random, &v_[b * size_]);
      random.fill_gaussian(&v_[b * size_ + dim_], size_ - dim_, std::sqrt(temperature_));
    }
    flow_.inverse(count, v_.data(), temperature_, u_.data(), log_det_.data());
    for (int64_t b = 0; b < count; b++)
      use(log_target(b), log_normal(&u_[b * size_], size_, temperature_) + log_det_[b]);
  }

  /// Samples of the flow.
  template <class Use>
  void from_prior(int64_t count, RandomStream &random, Use use) {
    random.fill_gaussian(u_.data(), count * size_, std::sqrt(temperature_));
    flow_.forward(count, u_.data(), temperature_, v_.data(), log_det_.data());
    for (int64_t b = 0; b < count; b++)
      use(log_target(b), log_normal(&u_[b * size_], size_, temperature_) - log_det_[b]);
  }

  int64_t momenta() const { return size_ - dim_; }

 private:
  double log_target(int64_t b) const {
    const double *v = &v_[b * size_];
    double squares = 0.0;
    for (int64_t i = dim_; i < size_; i++) squares += v[i] * v[i];
    return -(system_.energy(v) + 0.5 * squares) / temperature_;
  }

  Flow &flow_;
  const MultiWell &system_;
  double temperature_;
  int64_t dim_, size_;
  std::vector<double> u_, v_, log_det_;
};

} // namespace

Evaluation evaluate(Flow &flow, bool auxiliary, const MultiWell &system,
                    const ExactMultiWell &exact, int64_t count, uint32_t seed) {
  const double temperature = exact.temperature();
  FlowBatch batch(flow, auxiliary, system, temperature);
  RandomStream samples(seed, 0, 0, Purpose::sample);
  RandomStream proposals(seed, 0, 0, Purpose::batch);
  std::vector<double> of_target, of_flow;
  // ln p - ln q scatters much less than ln q alone.
  const double log_normalisation =
      exact.log_partition() +
      0.5 * static_cast<double>(batch.momenta()) * std::log(2.0 * M_PI * temperature);
  double sum = 0.0, sum_squares = 0.0;
  for (int64_t done = 0; done < count; done += batch_size) {
    const int64_t now = std::min(batch_size, count - done);
    batch.from_target(exact, now, samples, [&](double log_target, double log_q) {
      of_target.push_back(log_target - log_q);
      const double difference = log_target - log_normalisation - log_q;
      sum += difference;
      sum_squares += difference * difference;
    });
    batch.from_prior(now, proposals, [&](double log_target, double log_q) {
      of_flow.push_back(log_target - log_q);
    });
  }
  if (std::isnan(sum))
    throw Error("the flow gives NaN on exact samples at temperature " +
                std::to_string(temperature) + ": train it again with a smaller learning rate");
  const auto n = static_cast<double>(count);
  const double momentum_entropy =
      0.5 * static_cast<double>(batch.momenta()) * std::log(2.0 * M_PI * M_E * temperature);
  Evaluation result;
  result.temperature = temperature;
  result.kl = sum / n;
  result.kl_error = std::sqrt(std::max(sum_squares / n - result.kl * result.kl, 0.0) / n);
  result.nll_x = result.kl + exact.entropy();
  result.nll = result.nll_x + momentum_entropy;
  result.ess = estimators::ess_fraction(of_flow);
  result.acceptance = estimators::independence_acceptance(of_target, of_flow);
  return result;
}

} // namespace nflow::reference
