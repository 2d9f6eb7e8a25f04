#include "architectures/gaussian.h"
#include "base/error.h"

namespace nflow {

namespace {

class Rnvp : public GaussianArchitecture {
 public:
  using GaussianArchitecture::GaussianArchitecture;
  void check(const FlowSetting &setting) const override {
    require(setting.coordinates() >= 2,
            "rnvp needs at least 2 coordinates to split them in halves: use tsf");
  }
};

} // namespace

/// RealNVP, the baseline: the networks of tsf without momenta, its volume free.
std::unique_ptr<const Architecture> make_rnvp() {
  Properties properties;
  properties.name = "rnvp";
  properties.summary = "its baseline, not steerable";
  properties.energy_files = true;
  return std::make_unique<Rnvp>(properties);
}

} // namespace nflow
