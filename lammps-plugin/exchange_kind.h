#ifndef NFLOW_EXCHANGE_KIND_H
#define NFLOW_EXCHANGE_KIND_H

#include "model/metadata.h"
#include "tempering/exchange.h"

#include <string>

namespace LAMMPS_NS {

/// How the flow of model file `file` carries a configuration from temperature `here` to `there`
/// (LAMMPS temperature units). Throws nflow::Error if it was not made for these two.
nflow::tempering::ExchangeMap::Kind exchange_kind(const nflow::Metadata &metadata, double here,
                                                  double there, const std::string &file);

} // namespace LAMMPS_NS

#endif
