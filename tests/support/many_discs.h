#ifndef NFLOW_TESTS_MANY_DISCS_H
#define NFLOW_TESTS_MANY_DISCS_H

#include "base/random.h"

#include <sstream>
#include <string>

namespace nflow::tests {

/// 40 soft discs in a periodic box; three of them, the group flow, are held by springs.
inline std::string many_discs() {
  std::ostringstream script;
  script << "units lj\ndimension 2\natom_modify map array\n"
            "region r block 0 10 0 10 -0.5 0.5\ncreate_box 1 r\n";
  // One by one: `create_atoms random` numbers the atoms differently on other numbers of ranks.
  RandomStream random(4711, 0, 0, Purpose::sample);
  for (int i = 0; i < 40; i++) {
    const double x = 10.0 * random.uniform(), y = 10.0 * random.uniform();
    script << "create_atoms 1 single " << x << ' ' << y << " 0\n";
  }
  script << "mass 1 1.0\npair_style soft 1.5\npair_coeff * * 3.0\nneighbor 0.3 bin\n"
            "group flow id 5 17 33\n"
            "fix tether flow spring/self 0.2\nfix_modify tether energy yes\n";
  return script.str();
}

} // namespace nflow::tests

#endif
