#include "architectures/gaussian.h"

namespace nflow {

/// The temperature-steerable flow of Dibak, Klein and Noe: augmented, its volume constant.
std::unique_ptr<const Architecture> make_tsf() {
  Properties properties;
  properties.name = "tsf";
  properties.summary = "temperature-steerable";
  properties.auxiliary = true;
  properties.steerable = true;
  properties.energy_files = true;
  return std::make_unique<GaussianArchitecture>(properties);
}

} // namespace nflow
