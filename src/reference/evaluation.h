#ifndef NFLOW_REFERENCE_EVALUATION_H
#define NFLOW_REFERENCE_EVALUATION_H

#include "flow/flow.h"
#include "reference/exact_multi_well.h"

namespace nflow::reference {

/// How well a flow with a gaussian prior fits a multi-well at one temperature.
struct Evaluation {
  double temperature = 0.0;
  double kl = 0.0;       // mean of ln p(v) - ln q(v) over exact samples v, joint with the momenta
  double kl_error = 0.0; // standard error of it, and of the next two
  double nll = 0.0;      // -< ln q(v) >: kl and the exact joint entropy
  double nll_x = 0.0; // nll less the entropy of the momenta: an upper bound of the NLL of x alone
  double ess = 0.0;   // from samples of the flow: (sum w)^2 / (N sum w^2)
  double acceptance =
      0.0; // of independence moves, predicted from exact samples and samples of the flow
};

/// Evaluates at the temperature of `exact` with `count` exact samples and `count` samples of the
/// flow. `auxiliary`: the flow's points have momenta of variance T after the coordinates. Throws
/// Error where the flow gives NaN.
Evaluation evaluate(Flow &flow, bool auxiliary, const MultiWell &system,
                    const ExactMultiWell &exact, int64_t count, uint32_t seed);

} // namespace nflow::reference

#endif
