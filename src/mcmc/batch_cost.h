#ifndef NFLOW_MCMC_BATCH_COST_H
#define NFLOW_MCMC_BATCH_COST_H

#include "arrays/arrays.h"
#include "flow/flow.h"
#include "mcmc/space.h"
#include "mcmc/streams.h"

#include <cstdint>
#include <vector>

namespace nflow::mcmc {

/// Tries what batches of a flow cost, and whether each of their points comes out to the bit as it
/// does alone: then nothing but the cost depends on the size of batches, which may follow from
/// what one happens to measure.
class BatchTrial {
 public:
  /// `points` is the largest batch that is tried, of 2 or more.
  BatchTrial(Flow &flow, const Space &space, Arrays &arrays, int64_t points);

  /// Maps the configuration x [n, d], with momenta, back and forth.
  void run(const double *x, const Temperatures &tau, const Streams &streams);
  bool independent() const { return independent_; }
  /// What a call costs besides its points, in units of what each of these costs; 0 or more, and no
  /// more than 64.
  double call_cost() const;

 private:
  using Map = void (Flow::*)(int64_t, const double *, const Temperatures &, double *, double *);

  void draw(const double *x, const Temperatures &tau, const Streams &streams);
  void perturb(const Temperatures &tau, const Streams &streams);
  void map(Map direction, const Temperatures &tau, const Buffer<double> &from, Buffer<double> &to);
  double timed(Map direction, const Temperatures &tau, int64_t count, const double *from);
  bool as_in_batch(int64_t first, int64_t count, const double *batch) const;

  Flow &flow_;
  const Space space_;
  Arrays &arrays_;
  int64_t points_;
  Buffer<double> v_, u_, out_;
  std::vector<double> log_det_, batch_log_det_;
  bool independent_ = true;
  double single_ = 0.0, whole_ = 0.0; // seconds of both directions
};

} // namespace nflow::mcmc

#endif
