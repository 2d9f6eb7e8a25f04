#include "files/thermo_log.h"

#include "base/error.h"
#include "base/text.h"

#include <algorithm>
#include <fstream>

namespace nflow {

namespace {

bool is_number(const std::string &word) {
  char *end = nullptr;
  std::strtod(word.c_str(), &end);
  return end && *end == '\0';
}

} // namespace

std::vector<double> read_thermo_column(const std::string &log_file, const std::string &name) {
  std::ifstream in(log_file);
  if (!in) throw Error("cannot open '" + log_file + "': give --thermo the log file of the run");
  std::vector<double> values;
  size_t column = 0, columns = 0; // of the table that is being read; columns = 0 outside of one
  for (std::string line; std::getline(in, line);) {
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == "Step") {
      const auto found = std::find(words.begin(), words.end(), name);
      columns = found == words.end() ? 0 : words.size();
      column = static_cast<size_t>(found - words.begin());
      if (columns > 0) values.clear();
    } else if (words[0] == "Loop") {
      columns = 0;
    } else if (columns > 0 && words.size() == columns && is_number(words[column])) {
      values.push_back(std::stod(words[column]));
    }
  }
  if (values.empty())
    throw Error("'" + log_file + "' has no thermo output with the column " + name +
                ": use thermo_style custom step pe ..");
  return values;
}

} // namespace nflow
