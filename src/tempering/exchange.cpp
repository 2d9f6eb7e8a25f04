#include "tempering/exchange.h"

#include <cmath>

namespace nflow::tempering {

double work(double h_in, double h_out, double log_det) {
  return h_out - h_in - log_det;
}

double log_acceptance_exchange(double work_ij, double work_ji) {
  // A work of minus infinity comes from an infinite energy of the current state: nothing can be
  // said of it.
  if (!std::isfinite(work_ij) || !std::isfinite(work_ji)) return NAN;
  return -work_ij - work_ji;
}

Works plain_works(double u_i, double u_j, double tau_i, double tau_j) {
  return {work(u_i / tau_i, u_i / tau_j, 0.0), work(u_j / tau_j, u_j / tau_i, 0.0)};
}

double ExchangeMap::map(const double *in, double here, double there, double *out) {
  double log_det = 0.0;
  if (kind_ == Kind::forward) {
    flow_->forward(1, in, {here, there}, out, &log_det);
    return log_det;
  }
  if (kind_ == Kind::backward) {
    flow_->inverse(1, in, {there, here}, out, &log_det);
    return log_det;
  }
  double log_det_back = 0.0;
  flow_->inverse(1, in, here, latent_.data(), &log_det_back);
  const double scale = std::sqrt(there / here);
  const int64_t drawn = latent_.size() - carried_;
  arrays_->scale(scale, drawn, latent_.data() + carried_);
  flow_->forward(1, latent_.data(), there, out, &log_det);
  return log_det_back + static_cast<double>(drawn) * std::log(scale) + log_det;
}

ExchangeMap::Kind opposite(ExchangeMap::Kind kind) {
  using Kind = ExchangeMap::Kind;
  if (kind == Kind::forward) return Kind::backward;
  return kind == Kind::backward ? Kind::forward : kind;
}

} // namespace nflow::tempering
