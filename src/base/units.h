#ifndef NFLOW_BASE_UNITS_H
#define NFLOW_BASE_UNITS_H

#include <string>

namespace nflow {

/// Boltzmann's constant in the energy and temperature units of a LAMMPS unit style ("lj", "real",
/// "metal", "si", "cgs", "electron", "micro", "nano"). Throws Error for any other name.
double boltzmann_constant(const std::string &units);
/// The energy of two charges of 1 at distance 1 there, LAMMPS's qqr2e. Throws Error as above.
double coulomb_constant(const std::string &units);

/// Whether this can be a temperature or a length: positive, and neither infinite nor so small that
/// its inverse would be.
bool is_usable_size(double value);

} // namespace nflow

#endif
