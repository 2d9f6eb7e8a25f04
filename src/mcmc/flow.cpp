#include "mcmc/flow.h"

#include "nflow_error.h"

namespace nflow::mcmc {

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

double Target::energy_and_forces(const double *, double *) {
  throw Error("this energy comes without forces, which an excursion needs: use another move");
}

const double *Target::inverse_masses() {
  throw Error("this energy comes without masses, which an excursion needs: use another move");
}

} // namespace nflow::mcmc
