#include "temper/exchange_kind.h"

#include "base/error.h"
#include "base/text.h"
#include "root_model.h"

namespace LAMMPS_NS {

namespace {

std::string arrow(double from, double to) {
  return nflow::number(from) + " -> " + nflow::number(to);
}

} // namespace

nflow::tempering::ExchangeMap::Kind exchange_kind(const nflow::Metadata &metadata, double here,
                                                  double there, const std::string &file) {
  using Kind = nflow::tempering::ExchangeMap::Kind;
  if (metadata.prior == nflow::Prior::gaussian) return Kind::latent;
  std::string known;
  for (const auto &pair : metadata.temperature_pairs) {
    if (same_temperature(here, pair.first) && same_temperature(there, pair.second))
      return Kind::forward;
    if (same_temperature(there, pair.first) && same_temperature(here, pair.second))
      return Kind::backward;
    known += (known.empty() ? "" : ", ") + arrow(pair.first, pair.second);
  }
  throw nflow::Error("model file '" + file + "' has no pair of temperatures " + arrow(here, there) +
                     " or back, but only " + known +
                     ": use the temperatures of the flow, or another flow");
}

void check_exchange(RootModel &model, nflow::tempering::ExchangeMap &map, double here, double there,
                    const nflow::Buffer<double> &x, nflow::Arrays &arrays) {
  using Kind = nflow::tempering::ExchangeMap::Kind;
  if (map.kind() == Kind::latent) {
    model.check(here, x.on_host(), 1, false);
    model.check(there, x.on_host(), 1, false);
  } else if (map.kind() == Kind::backward) {
    model.check({there, here}, x.on_host(), 1, false);
  } else {
    // A flow is tried at configurations of its target side; any momenta will do to get there.
    const int64_t size = model.metadata().size();
    nflow::Buffer<double> point(arrays, size), mapped(arrays, size);
    arrays.fill(0.0, size, point.data());
    nflow::copy(arrays, x.data(), x.size(), point.data());
    map.map(point.data(), here, there, mapped.data());
    auto target = mapped.on_host();
    target.resize(x.size());
    model.check({here, there}, target, 1, false);
  }
}

} // namespace LAMMPS_NS
