#include "base/units.h"

#include "base/error.h"

#include <cmath>
#include <map>

namespace nflow {

double boltzmann_constant(const std::string &units) {
  // The values that LAMMPS itself uses for force->boltz, so that tau is the same number on both
  // sides.
  static const std::map<std::string, double> table = {{"lj", 1.0},
                                                      {"real", 0.0019872067},
                                                      {"metal", 8.617343e-5},
                                                      {"si", 1.3806504e-23},
                                                      {"cgs", 1.3806504e-16},
                                                      {"electron", 3.16681534e-6},
                                                      {"micro", 1.3806504e-8},
                                                      {"nano", 0.013806504}};
  const auto found = table.find(units);
  if (found == table.end())
    throw Error(
        "'" + units +
        "' is not a LAMMPS unit style: use lj, real, metal, si, cgs, electron, micro or nano");
  return found->second;
}

bool is_usable_size(double value) {
  return value > 0.0 && std::isnormal(value);
}

} // namespace nflow
