#include "files/thermo_log.h"

#include "base/error.h"
#include "base/text.h"
#include "files/input_file.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace nflow {

namespace {

bool parse(const std::string &word, double &value) {
  char *end = nullptr;
  value = std::strtod(word.c_str(), &end);
  return end != word.c_str() && *end == '\0';
}

} // namespace

std::vector<double> read_thermo_column(const std::string &log_file, const std::string &name) {
  const auto missing = "cannot open '" + log_file + "': give --thermo the log file of the run";
  require_regular_file(log_file, missing);
  std::ifstream in(log_file);
  require(in.good(), missing);
  std::vector<double> values;
  size_t column = 0, columns = 0; // of the table that is being read; columns = 0 outside of one
  int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    number++;
    if (in.eof()) break; // no end of line: half a number, of a run that was killed
    const auto words = words_of(line);
    if (words.empty()) continue;
    double value = 0.0;
    if (words[0] == "Step") {
      const auto found = std::find(words.begin(), words.end(), name);
      columns = found == words.end() ? 0 : words.size();
      column = static_cast<size_t>(found - words.begin());
      if (columns > 0) values.clear();
    } else if (words[0] == "Loop") {
      columns = 0;
    } else if (columns > 0 && words.size() == columns && parse(words[column], value)) {
      // Beyond the bound no square of it is finite.
      require(std::fabs(value) <= 1e100, "line " + std::to_string(number) + " of '" + log_file +
                                             "' has " + words[column] + " for " + name +
                                             ": give the log of a run that did not fail");
      values.push_back(value);
    }
  }
  if (values.empty())
    throw Error("'" + log_file + "' has no thermo output with the column " + name +
                ": use thermo_style custom step pe ..");
  return values;
}

} // namespace nflow
