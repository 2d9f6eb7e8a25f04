#include "base/version.h"

namespace nflow {

const char *version() {
  return NFLOW_VERSION;
}

} // namespace nflow
