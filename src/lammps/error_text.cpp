#include "lammps/error_text.h"

#include <algorithm>

namespace LAMMPS_NS {

namespace {

const char *const blanks = " \t\n\r";
const char *const digits = "0123456789";

std::string trimmed(const std::string &text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Without "ERROR: " or "ERROR on proc 3: ".
std::string without_prefix(const std::string &line) {
  const std::string of_all = "ERROR: ", of_one = "ERROR on proc ";
  if (line.rfind(of_all, 0) == 0) return line.substr(of_all.size());
  if (line.rfind(of_one, 0) != 0) return line;
  const auto end = line.find_first_not_of(digits, of_one.size());
  const bool numbered = end != std::string::npos && end > of_one.size();
  return numbered && line.compare(end, 2, ": ") == 0 ? line.substr(end + 2) : line;
}

/// Without "(../pair.cpp:12)" at the end.
std::string without_place(const std::string &line) {
  if (line.empty() || line.back() != ')') return line;
  const auto open = line.rfind('('), colon = line.rfind(':');
  if (open == std::string::npos || colon == std::string::npos || colon < open) return line;
  const auto end = line.find_first_not_of(digits, colon + 1);
  const bool is_place = end == line.size() - 1 && end > colon + 1 &&
                        std::find(line.begin() + open, line.end() - 1, ')') == line.end() - 1;
  return is_place ? line.substr(0, open) : line;
}

} // namespace

// Not by std::regex, which fills the stack with a long line.
std::string sentence_of_error(const std::string &text) {
  const auto line = trimmed(text.substr(0, text.find('\n', text.find_first_not_of(" \n"))));
  return trimmed(without_place(without_prefix(line)));
}

} // namespace LAMMPS_NS
