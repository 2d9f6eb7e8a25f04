#include "architectures/flow_setting.h"

#include "base/units.h"

#include <iterator>
#include <set>

namespace nflow {

double FlowSetting::tau(size_t i) const {
  return boltzmann_constant(units) * temperatures.at(i);
}

std::vector<std::pair<double, double>> FlowSetting::tau_pairs() const {
  std::vector<std::pair<double, double>> pairs;
  for (size_t i = 0; i + 1 < temperatures.size(); i++) pairs.emplace_back(tau(i), tau(i + 1));
  return pairs;
}

std::vector<int64_t> species_of(const std::vector<int> &types) {
  const std::set<int> occurring(types.begin(), types.end());
  std::vector<int64_t> species;
  for (const int type : types)
    species.push_back(std::distance(occurring.begin(), occurring.find(type)));
  return species;
}

std::string coordinate_names(const std::vector<int64_t> &coordinates, int64_t dim) {
  std::string text;
  for (const int64_t i : coordinates)
    text +=
        (text.empty() ? "" : " ") + std::string(1, "xyz"[i % dim]) + std::to_string(i / dim + 1);
  return text;
}

} // namespace nflow
