#include "mc/flow_audit.h"

#include "base/stopwatch.h"

#include <algorithm>
#include <cmath>

namespace LAMMPS_NS {

bool FlowAudit::due(uint64_t attempts, double seconds) const {
  return attempts >= next_ && seconds_ + last_ <= largest_share_ * seconds;
}

void FlowAudit::make(uint64_t attempts, const nflow::Temperatures &tau,
                     const std::vector<double> &x, const std::vector<double> *frames, int64_t batch,
                     bool masked, const nflow::mcmc::Streams &streams) {
  next_ = attempts + attempts / 2;
  const double before = seconds_;
  {
    const nflow::Stopwatch watch(seconds_);
    nflow::RandomStream random = streams.of(attempts, nflow::Purpose::check);
    const int64_t count = std::min(batch, most_points_);
    model_.audit(tau, x, prior_points(tau, frames, count, random), batch, masked);
  }
  last_ = seconds_ - before;
}

std::vector<double> FlowAudit::prior_points(const nflow::Temperatures &tau,
                                            const std::vector<double> *frames, int64_t count,
                                            nflow::RandomStream &random) const {
  const auto &metadata = model_.metadata();
  const int64_t m = metadata.coordinates(), size = metadata.size();
  const bool gaussian = metadata.prior == nflow::Prior::gaussian;
  const int64_t kept = frames ? static_cast<int64_t>(frames->size()) / m : 0;
  if (!gaussian && kept == 0) return {};
  std::vector<double> points(count * size);
  for (int64_t i = 0; i < count; i++) {
    double *point = &points[i * size];
    if (gaussian) {
      random.fill_gaussian(point, m, std::sqrt(tau.prior));
      std::copy(metadata.carried.begin(), metadata.carried.end(), point);
    } else {
      const auto pick = static_cast<int64_t>(random.uniform() * static_cast<double>(kept));
      std::copy_n(&(*frames)[std::min(pick, kept - 1) * m], m, point);
    }
    random.fill_gaussian(point + m, size - m, std::sqrt(model_.momentum_variance(tau.prior)));
  }
  return points;
}

} // namespace LAMMPS_NS
