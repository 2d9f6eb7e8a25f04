#include "architectures/architecture.h"

namespace nflow {

// Each is in a file of its own.
std::unique_ptr<const Architecture> make_tsf();
std::unique_ptr<const Architecture> make_rnvp();
std::unique_ptr<const Architecture> make_tsf_internal();
std::unique_ptr<const Architecture> make_tsf_internal_momenta();
std::unique_ptr<const Architecture> make_rnvp_internal();
std::unique_ptr<const Architecture> make_kick_drift();
std::unique_ptr<const Architecture> make_torus_spline();
std::unique_ptr<const Architecture> make_spline();

const std::vector<std::unique_ptr<const Architecture>> &architectures() {
  static const auto table = [] {
    std::vector<std::unique_ptr<const Architecture>> rows;
    for (const auto make : {make_tsf, make_rnvp, make_kick_drift, make_torus_spline, make_spline,
                            make_tsf_internal, make_tsf_internal_momenta, make_rnvp_internal})
      rows.push_back(make());
    return rows;
  }();
  return table;
}

} // namespace nflow
