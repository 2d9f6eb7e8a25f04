#ifndef NFLOW_EXCHANGE_KIND_H
#define NFLOW_EXCHANGE_KIND_H

#include "model/metadata.h"
#include "tempering/exchange.h"
#include "tempering/ladder.h"

#include <string>

namespace LAMMPS_NS {

using nflow::tempering::same_temperature;

/// How the flow of model file `file` carries a configuration from temperature `here` to `there`
/// (LAMMPS temperature units). Throws nflow::Error if it was not made for these two.
nflow::tempering::ExchangeMap::Kind exchange_kind(const nflow::Metadata &metadata, double here,
                                                  double there, const std::string &file);

/// Checks the flow of an exchange map (RootModel::check) from the configuration x [n, d], in the
/// memory of the map, at k_B T = `here`: at the side of the flow that x belongs to, or, if that is
/// the prior's, where it arrives. Throws nflow::Error.
void check_exchange(class RootModel &model, nflow::tempering::ExchangeMap &map, double here,
                    double there, const nflow::Buffer<double> &x, nflow::Arrays &arrays);

} // namespace LAMMPS_NS

#endif
