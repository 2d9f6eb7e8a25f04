#include "flow/flow.h"

#include "base/error.h"

namespace nflow {

namespace {

[[noreturn]] void refuse_masked() {
  throw Error("this flow cannot map some atoms in the presence of others: use a model with the "
              "methods forward_masked and inverse_masked");
}

} // namespace

void Flow::forward_masked(int64_t, const double *, const Temperatures &, const uint8_t *, double *,
                          double *) {
  refuse_masked();
}

void Flow::inverse_masked(int64_t, const double *, const Temperatures &, const uint8_t *, double *,
                          double *) {
  refuse_masked();
}

} // namespace nflow
