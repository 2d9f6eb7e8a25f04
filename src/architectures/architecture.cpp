#include "architectures/architecture.h"

#include "architectures/shared_options.h"
#include "base/error.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace nflow {

namespace {

// More are mistakes, and would fill the memory.
constexpr int64_t most_couplings = 1000, most_units = 100000;

void check_dtype(const FlowOptions &o) {
  require(o.dtype == "float64" || o.dtype == "float32",
          "dtype '" + o.dtype + "' is not known: use float64 or float32");
}

void check_between_temperatures(const FlowSetting &o, const Properties &properties) {
  const auto types = static_cast<int64_t>(o.types.size());
  require((types == o.n_atoms || (types == 0 && !properties.periodic)) &&
              o.temperatures.size() >= 2,
          "a flow between temperatures needs the types of all atoms and a pair of temperatures");
  require(!properties.periodic || static_cast<int64_t>(o.box.size()) == o.dim ||
              (properties.also_open && o.box.empty()),
          "architecture " + o.architecture +
              " needs a periodic box: use 'boundary p p p' in LAMMPS, or " +
              architectures_with(
                  [](const Properties &p) {
                    return p.prior == Prior::boltzmann && (!p.periodic || p.also_open);
                  },
                  "or") +
              " for open systems");
  for (const double length : o.box)
    require(length > 0.0 && std::isfinite(length), "the lengths of the box must be positive");
  for (const auto &pair : o.tau_pairs()) {
    require(pair.first > 0.0 && pair.second > 0.0, "temperatures must be positive");
    require(pair.first != pair.second,
            "the two temperatures of a flow must differ: give T0 and T1 that are not equal");
  }
}

} // namespace

std::string listed(const std::vector<std::string> &names, const std::string &conjunction) {
  std::string text;
  for (size_t i = 0; i < names.size(); i++)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " " + conjunction + " ") + names[i];
  return text;
}

std::string Architecture::describe(const FlowSetting &setting) const {
  return setting.architecture + ", " + std::to_string(options::couplings(setting)) + " couplings";
}

const Architecture &architecture_of(const FlowOptions &options) {
  for (const auto &architecture : architectures())
    if (architecture->properties().name == options.architecture) return *architecture;
  const auto with = [](Prior prior) {
    return architectures_with([prior](const Properties &p) { return p.prior == prior; }, "or");
  };
  throw Error("architecture '" + options.architecture + "' is not known: use " +
              with(Prior::gaussian) + ", or between two temperatures " + with(Prior::boltzmann));
}

bool is_thermal(const FlowOptions &options) {
  return architecture_of(options).properties().prior == Prior::boltzmann;
}

std::string architectures_with(const std::function<bool(const Properties &)> &property,
                               const std::string &conjunction) {
  std::vector<std::string> names;
  for (const auto &architecture : architectures())
    if (property(architecture->properties())) names.push_back(architecture->properties().name);
  return listed(names, conjunction);
}

std::vector<DeclaredOption> declared_options() {
  std::vector<DeclaredOption> all;
  for (const auto &architecture : architectures())
    for (const auto &option : architecture->options())
      if (std::none_of(all.begin(), all.end(), [&](const DeclaredOption &other) {
            return other.option.name == option.name;
          }))
        all.push_back({option, architecture.get()});
  return all;
}

std::string FlowOptions::first_architecture() {
  return architectures().front()->properties().name;
}

void FlowOptions::set(const std::string &name, OptionValue value) {
  for (const auto &[option, owner] : declared_options())
    if (option.name == name && option.standard.index() == value.index()) {
      values[name] = std::move(value);
      return;
    }
  throw std::logic_error("no architecture has an option '" + name + "' of this type");
}

void check_exclusive_options(const FlowOptions &options) {
  for (const auto &architecture : architectures()) {
    const auto &name = architecture->properties().name;
    if (name == options.architecture) continue;
    std::vector<std::string> names;
    bool given = false;
    for (const auto &option : architecture->options()) {
      if (!option.exclusive) continue;
      names.push_back("--" + option.name);
      given = given || options.value_of(option) != option.standard;
    }
    require(!given, listed(names, "and") + (names.size() > 1 ? " are" : " is") +
                        " of architecture " + name);
  }
}

void options::check_shared(const FlowOptions &o) {
  require(activation(o) == "tanh" || activation(o) == "silu" || activation(o) == "relu",
          "activation '" + activation(o) + "' is not known: use tanh, silu or relu");
  require(couplings(o) >= 1, "a flow needs at least 1 coupling: raise --couplings");
  require(couplings(o) <= most_couplings && depth(o) <= most_couplings,
          "--couplings and --depth must be at most " + std::to_string(most_couplings));
  require(hidden(o) >= 0 && depth(o) >= 1 && units_per_coordinate(o) >= 1,
          "--hidden, --depth and --units-per-coordinate must be at least 1");
  require(std::max({hidden(o), units_per_coordinate(o), bins(o)}) <= most_units,
          "--hidden, --units-per-coordinate and --bins must be at most " +
              std::to_string(most_units));
  require(length(o) > 0.0 && std::isfinite(length(o)), "--length must be a positive number");
}

void check_flow_system(const FlowSetting &o, const StartingData &data) {
  options::check_shared(o);
  check_dtype(o);
  architecture_of(o).check_system(o, data);
}

void check_flow_setting(const FlowSetting &o) {
  const Architecture &architecture = architecture_of(o);
  options::check_shared(o);
  check_dtype(o);
  require(o.n_atoms >= 1, "a flow needs at least 1 atom: give data or --atoms");
  require(o.dim >= 1 && o.dim <= 3, "a flow moves 1, 2 or 3 components of each atom: set --dim so");
  if (is_thermal(o))
    check_between_temperatures(o, architecture.properties());
  else
    require(o.tau() > 0.0 && std::isfinite(o.tau()), "the temperature must be a positive number");
  architecture.check(o);
}

} // namespace nflow
