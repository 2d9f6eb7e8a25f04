#include "model/metadata.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

#include <algorithm>
#include <climits>
#include <cmath>

namespace nflow {

using nlohmann::json;

namespace {

const char *format_name(Format format) {
  return format == Format::model ? "nflow-model" : "nflow-energy";
}

/// Reads fields of nflow.json; every complaint names the file, the field and what it should be.
class FieldReader {
 public:
  FieldReader(const json &object, const std::string &file) : object_(object), file_(file) {}

  [[noreturn]] void complain(const std::string &field, const std::string &wanted) const {
    throw Error("model file '" + file_ + "': the field \"" + field + "\" of nflow.json must be " +
                wanted + ": write the file again as docs/model-contract.md says");
  }
  bool contains(const std::string &field) const { return object_.contains(field); }
  bool has(const std::string &field) const {
    return object_.contains(field) && !object_.at(field).is_null();
  }
  std::string text(const std::string &field) const {
    if (!has(field) || !object_.at(field).is_string()) complain(field, "a text");
    return object_.at(field).get<std::string>();
  }
  std::string choice(const std::string &field, const std::string &one,
                     const std::string &other) const {
    if (has(field) && object_.at(field).is_string()) {
      const auto value = object_.at(field).get<std::string>();
      if (value == one || value == other) return value;
    }
    complain(field, "\"" + one + "\" or \"" + other + "\"");
  }
  int64_t integer(const std::string &field, int64_t low, int64_t high) const {
    if (has(field) && object_.at(field).is_number_integer()) {
      const auto value = object_.at(field).get<int64_t>();
      if (value >= low && value <= high) return value;
    }
    complain(field, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  bool boolean(const std::string &field) const {
    if (!has(field) || !object_.at(field).is_boolean()) complain(field, "true or false");
    return object_.at(field).get<bool>();
  }
  double positive(const std::string &field) const {
    if (has(field) && object_.at(field).is_number() && object_.at(field).get<double>() > 0.0)
      return object_.at(field).get<double>();
    complain(field, "a positive number");
  }
  /// A list of positive numbers, or nothing where the field is null or missing.
  std::optional<std::vector<double>> positives(const std::string &field) const {
    if (!has(field)) return std::nullopt;
    const json &list = object_.at(field);
    if (!list.is_array()) complain(field, "a list of positive numbers");
    std::vector<double> values;
    for (const auto &item : list) {
      if (!item.is_number() || !(item.get<double>() > 0.0))
        complain(field, "a list of positive numbers");
      values.push_back(item.get<double>());
    }
    return values;
  }
  std::optional<std::vector<int>> types(const std::string &field) const {
    if (!has(field)) return std::nullopt;
    const json &list = object_.at(field);
    if (!list.is_array()) complain(field, "a list of LAMMPS atom types, or null");
    std::vector<int> values;
    for (const auto &item : list) {
      if (!item.is_number_integer() || item.get<int64_t>() < 1 || item.get<int64_t>() > INT_MAX)
        complain(field, "a list of LAMMPS atom types, or null");
      values.push_back(item.get<int>());
    }
    return values;
  }
  std::vector<std::string> texts(const std::string &field) const {
    std::vector<std::string> values;
    if (!has(field)) return values;
    const json &list = object_.at(field);
    if (!list.is_array()) complain(field, "a list of texts");
    for (const auto &item : list) {
      if (!item.is_string()) complain(field, "a list of texts");
      values.push_back(item.get<std::string>());
    }
    return values;
  }
  const json &at(const std::string &field) const { return object_.at(field); }

 private:
  const json &object_;
  const std::string &file_;
};

void read_temperature(const FieldReader &top, const std::string &file, Metadata &metadata) {
  const char *wanted = "{\"trained\": [..], \"steerable\": true|false} for a gaussian prior, "
                       "{\"pairs\": [[T0, T1], ..]} for a boltzmann prior";
  if (!top.has("temperature") || !top.at("temperature").is_object())
    top.complain("temperature", wanted);
  const FieldReader inner(top.at("temperature"), file);
  if (metadata.prior == Prior::gaussian) {
    if (!inner.has("trained") || !inner.has("steerable")) top.complain("temperature", wanted);
    metadata.steerable = inner.boolean("steerable");
    const auto trained = inner.positives("trained");
    metadata.temperatures_trained = *trained;
    return;
  }
  if (!inner.has("pairs") || !inner.at("pairs").is_array() || inner.at("pairs").empty())
    top.complain("temperature", wanted);
  for (const auto &pair : inner.at("pairs")) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number() ||
        !(pair[0].get<double>() > 0.0) || !(pair[1].get<double>() > 0.0))
      top.complain("temperature", wanted);
    metadata.temperature_pairs.emplace_back(pair[0].get<double>(), pair[1].get<double>());
  }
}

void read_geometry(const FieldReader &top, Metadata &metadata) {
  metadata.n_atoms = top.integer("n_atoms", 1, 1000000000);
  metadata.dim = top.integer("dim", 1, 3);
  for (const char *field : {"types", "box"})
    if (!top.contains(field)) top.complain(field, "a list, or null");
  metadata.types = top.types("types");
  if (metadata.types && static_cast<int64_t>(metadata.types->size()) != metadata.n_atoms)
    top.complain("types", "null or a list of n_atoms types");
  metadata.periodic = top.boolean("periodic");
  metadata.box = top.positives("box");
  if (metadata.box && static_cast<int64_t>(metadata.box->size()) != metadata.dim)
    top.complain("box", "null or a list of dim lengths");
  if (metadata.periodic && !metadata.box) top.complain("box", "given for a periodic model");
}

void read_carried(const FieldReader &top, Metadata &metadata) {
  if (!top.has("carried")) return;
  const json &list = top.at("carried");
  const std::string wanted = "a list of fewer than n_atoms * dim numbers, of a gaussian prior";
  if (!list.is_array() || static_cast<int64_t>(list.size()) >= metadata.coordinates() ||
      (metadata.prior != Prior::gaussian && !list.empty()))
    top.complain("carried", wanted);
  for (const auto &item : list) {
    if (!item.is_number()) top.complain("carried", wanted);
    metadata.carried.push_back(item.get<double>());
  }
}

void read_example(const FieldReader &top, Metadata &metadata) {
  if (!top.has("example")) return;
  const json &list = top.at("example");
  const std::string wanted = "a list of n_atoms * dim numbers";
  if (!list.is_array() || static_cast<int64_t>(list.size()) != metadata.coordinates())
    top.complain("example", wanted);
  for (const auto &item : list) {
    if (!item.is_number()) top.complain("example", wanted);
    metadata.example.push_back(item.get<double>());
  }
}

} // namespace

json parse_json(const std::string &text) {
  constexpr int deepest = 100;
  int depth = 0, most = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '[' || text[i] == '{'))
      most = std::max(most, ++depth);
    else if (!quoted && (text[i] == ']' || text[i] == '}'))
      depth--;
  }
  if (most > deepest) return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

Metadata parse_metadata(const std::string &text, const std::string &file, Format expected) {
  const json object = parse_json(text);
  if (object.is_discarded() || !object.is_object())
    throw Error("model file '" + file +
                "': its nflow.json is not a JSON object: write the file again as "
                "docs/model-contract.md says");
  const FieldReader top(object, file);
  Metadata metadata;
  metadata.format = expected;
  if (top.choice("format", "nflow-model", "nflow-energy") != format_name(expected))
    top.complain("format", std::string("\"") + format_name(expected) +
                               "\" here (flows and potentials are different files)");
  if (top.integer("version", 0, 1000000000) != 1)
    throw Error("model file '" + file + "' has format version " +
                std::to_string(top.integer("version", 0, 1000000000)) +
                ", but this program reads version 1: use a newer lammps-nflow, or write version 1");
  metadata.architecture = top.text("architecture");
  read_geometry(top, metadata);
  metadata.units = top.text("units");
  try {
    boltzmann_constant(metadata.units);
  } catch (const Error &) {
    top.complain("units", "a LAMMPS unit style");
  }
  metadata.dtype = top.choice("dtype", "float32", "float64");
  if (expected == Format::model) {
    metadata.prior = top.choice("prior", "gaussian", "boltzmann") == "gaussian" ? Prior::gaussian
                                                                                : Prior::boltzmann;
    metadata.auxiliary = top.integer("auxiliary", 0, 1) == 1;
    if (top.has("auxiliary_variance"))
      metadata.auxiliary_variance = top.positive("auxiliary_variance");
    read_temperature(top, file, metadata);
    read_example(top, metadata);
    read_carried(top, metadata);
  }
  if (expected == Format::model && top.has("equivariant"))
    metadata.equivariant = top.boolean("equivariant");
  metadata.operators = top.texts("operators");
  if (top.has("weights_digest")) metadata.weights_digest = top.text("weights_digest");
  if (top.has("archive_digest")) metadata.archive_digest = top.text("archive_digest");
  if (!top.has("provenance") || !top.at("provenance").is_object())
    top.complain("provenance", "an object (it may be empty)");
  metadata.provenance = top.at("provenance");
  return metadata;
}

std::string metadata_text(const Metadata &metadata) {
  json object = {{"format", format_name(metadata.format)},
                 {"version", 1},
                 {"architecture", metadata.architecture},
                 {"n_atoms", metadata.n_atoms},
                 {"dim", metadata.dim},
                 {"types", metadata.types ? json(*metadata.types) : json()},
                 {"periodic", metadata.periodic},
                 {"box", metadata.box ? json(*metadata.box) : json()},
                 {"units", metadata.units},
                 {"dtype", metadata.dtype},
                 {"provenance", metadata.provenance}};
  if (!metadata.operators.empty()) object["operators"] = metadata.operators;
  if (!metadata.weights_digest.empty()) object["weights_digest"] = metadata.weights_digest;
  if (!metadata.archive_digest.empty()) object["archive_digest"] = metadata.archive_digest;
  if (metadata.format == Format::energy) return object.dump(2);

  if (metadata.equivariant) object["equivariant"] = *metadata.equivariant;
  object["auxiliary"] = metadata.auxiliary ? 1 : 0;
  if (metadata.prior == Prior::gaussian) {
    object["prior"] = "gaussian";
    object["temperature"] = {{"trained", metadata.temperatures_trained},
                             {"steerable", metadata.steerable}};
    if (!metadata.carried.empty()) object["carried"] = metadata.carried;
  } else {
    object["prior"] = "boltzmann";
    object["temperature"] = {{"pairs", metadata.temperature_pairs}};
    object["auxiliary_variance"] = metadata.auxiliary_variance;
    if (!metadata.example.empty()) object["example"] = metadata.example;
  }
  return object.dump(2);
}

namespace {

void require_types(const Metadata &metadata, const System &system, const std::string &file) {
  if (!metadata.types || system.types.empty()) return;
  for (size_t i = 0; i < system.types.size(); i++)
    if ((*metadata.types)[i] != system.types[i])
      throw Error(
          "model file '" + file + "' was made for atom type " +
          std::to_string((*metadata.types)[i]) + " at position " + std::to_string(i + 1) +
          " of the group in atom-ID order, but the simulation has type " +
          std::to_string(system.types[i]) +
          " there: number the atoms as in the training data, or train a model for this system");
}

void require_box(const Metadata &metadata, const System &system, const std::string &file) {
  for (int64_t k = 0; k < metadata.dim; k++) {
    if (metadata.periodic && !system.periodic.empty() && !system.periodic[k])
      throw Error("model file '" + file + "' is periodic, but the box is not in " +
                  std::string(1, "xyz"[k]) + ": use 'boundary p', or a model for open boundaries");
    if (!metadata.box || system.box.empty()) continue;
    if (std::fabs((*metadata.box)[k] - system.box[k]) > 1e-6 * (*metadata.box)[k])
      throw Error("model file '" + file + "' was made for a box length of " +
                  number((*metadata.box)[k], 10) + " in " + std::string(1, "xyz"[k]) +
                  ", but the simulation has " + number(system.box[k], 10) +
                  ": use the box of the training data, or train a model for this one");
  }
}

} // namespace

void require_match(const Metadata &metadata, const System &system, const std::string &file) {
  if (metadata.n_atoms != system.n_atoms)
    throw Error("model file '" + file + "' was made for " + std::to_string(metadata.n_atoms) +
                " atoms, but the group has " + std::to_string(system.n_atoms) +
                ": choose the group, or the model, that fits");
  if (metadata.dim > system.dim)
    throw Error("model file '" + file + "' moves " + std::to_string(metadata.dim) +
                " components of each atom, but the simulation has dimension " +
                std::to_string(system.dim) + ": use a model for this dimension");
  if (!system.units.empty() && metadata.units != system.units)
    throw Error("model file '" + file + "' was made with units " + metadata.units +
                ", but the simulation uses units " + system.units + ": use the units of the model");
  require_types(metadata, system, file);
  require_box(metadata, system, file);
}

} // namespace nflow
