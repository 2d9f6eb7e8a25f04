#ifndef NFLOW_TEMPERING_EXCHANGE_H
#define NFLOW_TEMPERING_EXCHANGE_H

#include "arrays/arrays.h"
#include "flow/flow.h"

#include <cstdint>

namespace nflow::tempering {

/// The work of carrying a point v to another ensemble: h_out(f(v)) - h_in(v) - log_det f(v), with
/// reduced energies h. NaN and infinite where an energy is.
double work(double h_in, double h_out, double log_det);

/// Exchange through a map f of i to j and its inverse: ln a = -work_ij - work_ji (design, section
/// 4). Without a map this is parallel tempering, (1/tau_i - 1/tau_j) (U_i - U_j). NaN, which is
/// never accepted, where a work is not a number or plus infinity.
double log_acceptance_exchange(double work_ij, double work_ji);

/// What an exchange is decided by: ln a of both works. Data, so that tests can show that a broken
/// rule is caught.
using ExchangeRule = double (*)(double work_ij, double work_ji);

/// The works of one exchange: of i's configuration carried to j, and of j's carried to i.
struct Works {
  double ij = 0.0, ji = 0.0;
};

/// Of an exchange without a map: configurations of the energies u_i and u_j, at k_B T = tau_i and
/// tau_j.
Works plain_works(double u_i, double u_j, double tau_i, double tau_j);

/// How a configuration goes from the ensemble at k_B T = `here` to that at `there`.
class ExchangeMap {
 public:
  enum class Kind {
    identity,
    forward,  // a flow from here (its prior) to there
    backward, // the inverse of a flow from there to here
    latent // gaussian prior: to the latent space, what is drawn there times sqrt(there/here), back
  };

  ExchangeMap() = default;
  /// `size` numbers a point, in the memory of `arrays`, of which a flow with a gaussian prior
  /// carries the first `carried`. The flow must live as long as this.
  ExchangeMap(Kind kind, Flow *flow, int64_t size, Arrays &arrays = host_arrays(),
              int64_t carried = 0)
      : kind_(kind), flow_(flow), arrays_(&arrays), carried_(carried), latent_(arrays, size) {}

  Kind kind() const { return kind_; }
  /// out = f(in), points [S, n, d]; returns ln|det d out / d in|. Not for the identity, whose
  /// points need no copy.
  double map(const double *in, double here, double there, double *out);

 private:
  Kind kind_ = Kind::identity;
  Flow *flow_ = nullptr;
  Arrays *arrays_ = &host_arrays();
  int64_t carried_ = 0;
  Buffer<double> latent_{host_arrays()};
};

/// The same map as seen from the other side.
ExchangeMap::Kind opposite(ExchangeMap::Kind kind);

} // namespace nflow::tempering

#endif
