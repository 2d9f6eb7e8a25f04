#include "arrays/arrays_on.h"
#include "arrays/host_exec.h"

namespace nflow {

Arrays &host_arrays() {
  static ArraysOn<HostExec> arrays;
  return arrays;
}

} // namespace nflow
