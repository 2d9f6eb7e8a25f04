#include "mcmc/arrays_on.h"
#include "mcmc/host_exec.h"

namespace nflow::mcmc {

Arrays &host_arrays() {
  static ArraysOn<HostExec> arrays;
  return arrays;
}

} // namespace nflow::mcmc
