#ifndef NFLOW_TESTS_ALA2_H
#define NFLOW_TESTS_ALA2_H

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nflow::tests {

/// Configurations of alanine dipeptide and their energies by another implementation
/// (tests/data/ala2).
struct Ala2 {
  std::string table;                   // radii of this force field
  std::vector<std::vector<double>> x;  // [22, 3] each
  std::vector<double> energy, solvent; // all of it, and the part of the implicit solvent
  nlohmann::json parts;

  /// `force_field`: ff96 or ff99sbildn.
  Ala2(const std::string &source_dir, const std::string &force_field)
      : table(source_dir + "/examples/ala2/obc." + force_field + ".txt") {
    std::ifstream in(source_dir + "/tests/data/ala2/reference_energies." + force_field + ".json");
    const auto all = nlohmann::json::parse(in);
    for (const auto &configuration : all.at("x")) {
      x.emplace_back();
      for (const auto &atom : configuration)
        for (const double value : atom) x.back().push_back(value);
    }
    energy = all.at("E").get<std::vector<double>>();
    parts = all.at("parts");
    for (const auto &part : parts) solvent.push_back(part.at("gb"));
  }
};

} // namespace nflow::tests

#endif
