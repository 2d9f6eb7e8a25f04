#include "reference/gb_obc.h"

#include "base/error.h"
#include "base/text.h"
#include "files/input_file.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <sstream>

namespace nflow::reference {

namespace {

constexpr double largest = 1e100; // whose square is finite

/// One line of the table.
class Row {
 public:
  Row(const std::string &file, int64_t line, const std::vector<std::string> &words, double offset)
      : place_("line " + std::to_string(line) + " of '" + file + "' ") {
    require(words.size() == 4,
            place_ + "has " + std::to_string(words.size()) +
                " columns: give an atom a line, its ID, radius, scale and charge");
    const double first = number_of(words[0]);
    require(first >= 1.0 && first <= 9e15 && first == std::floor(first),
            place_ + "begins with '" + one_line(words[0]) +
                "', which is no atom ID: give the IDs of LAMMPS's data file");
    id = static_cast<int64_t>(first);
    radius = number_of(words[1]);
    scale = number_of(words[2]);
    charge = number_of(words[3]);
    require(radius > offset, place_ + "has a radius of " + number(radius) +
                                 ", which is not larger than the offset of " + number(offset) +
                                 ": give radii in the units of --units, or a smaller --offset");
    require(scale >= 0.0, place_ + "has a scale of " + number(scale) +
                              ", which is negative: correct the third column");
  }

  int64_t id = 0;
  double radius = 0.0, scale = 0.0, charge = 0.0;

 private:
  double number_of(const std::string &word) const {
    char *end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    require(*end == '\0' && std::fabs(value) <= largest,
            place_ + "has '" + one_line(word) + "', which is not a number: correct it");
    return value;
  }

  std::string place_;
};

/// Of each atom in the order of the IDs.
std::vector<double> column(const std::vector<Row> &rows, double Row::*value) {
  std::vector<double> numbers;
  for (const Row &row : rows) numbers.push_back(row.*value);
  return numbers;
}

} // namespace

GbAtoms read_gb_table(const std::string &file, double offset) {
  std::istringstream in(
      bytes_of(file, "cannot open '" + file + "': give --table the path of a text file"));
  std::vector<Row> rows;
  int64_t count = 0;
  for (std::string line; std::getline(in, line);) {
    count++;
    const auto words = words_of(line.substr(0, line.find('#')));
    if (!words.empty()) rows.emplace_back(file, count, words, offset);
  }
  require(!rows.empty(), "'" + file +
                             "' has no atoms: give a line for each, its ID, radius, scale "
                             "and charge");
  const auto atoms_count = static_cast<int64_t>(rows.size());
  require(atoms_count <= operators::most_gb_atoms,
          "'" + file + "' has " + std::to_string(atoms_count) +
              " atoms, but all pairs of at most " + std::to_string(operators::most_gb_atoms) +
              " are summed: give a smaller molecule");
  std::sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.id < b.id; });
  GbAtoms atoms;
  for (const Row &row : rows) {
    require(atoms.ids.empty() || atoms.ids.back() != row.id,
            "'" + file + "' has atom " + std::to_string(row.id) + " twice: give each a line");
    atoms.ids.push_back(row.id);
  }
  atoms.radius = column(rows, &Row::radius);
  atoms.scale = column(rows, &Row::scale);
  atoms.charge = column(rows, &Row::charge);
  return atoms;
}

} // namespace nflow::reference
