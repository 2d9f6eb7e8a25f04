#include "base/units.h"

#include "base/error.h"

#include <cmath>
#include <map>

namespace nflow {

namespace {

using Table = std::map<std::string, double>; // by unit style

double value_of(const Table &table, const std::string &units) {
  const auto found = table.find(units);
  if (found == table.end())
    throw Error(
        "'" + units +
        "' is not a LAMMPS unit style: use lj, real, metal, si, cgs, electron, micro or nano");
  return found->second;
}

} // namespace

// The values that LAMMPS itself uses, so that tau and energies are the same numbers on both sides.
double boltzmann_constant(const std::string &units) {
  static const Table force_boltz = {{"lj", 1.0},
                                    {"real", 0.0019872067},
                                    {"metal", 8.617343e-5},
                                    {"si", 1.3806504e-23},
                                    {"cgs", 1.3806504e-16},
                                    {"electron", 3.16681534e-6},
                                    {"micro", 1.3806504e-8},
                                    {"nano", 0.013806504}};
  return value_of(force_boltz, units);
}

double coulomb_constant(const std::string &units) {
  static const Table force_qqr2e = {
      {"lj", 1.0},  {"real", 332.06371}, {"metal", 14.399645},  {"si", 8.9876e9},
      {"cgs", 1.0}, {"electron", 1.0},   {"micro", 8.987556e6}, {"nano", 230.7078669}};
  return value_of(force_qqr2e, units);
}

bool is_usable_size(double value) {
  return value > 0.0 && std::isnormal(value);
}

} // namespace nflow
