#include "flow/target.h"

#include "base/error.h"

namespace nflow {

double Target::energy_and_forces(const double *, double *) {
  throw Error("this energy comes without forces, which an excursion needs: use another move");
}

const double *Target::inverse_masses() {
  throw Error("this energy comes without masses, which an excursion needs: use another move");
}

} // namespace nflow
