#include "lammps/error_text.h"

#include <regex>

namespace LAMMPS_NS {

std::string sentence_of_error(const std::string &text) {
  static const std::regex form(R"(^\s*(ERROR( on proc \d+)?: )?(.*?)\s*(\([^()]*:\d+\))?\s*$)");
  std::smatch parts;
  const auto first_line = text.substr(0, text.find('\n', text.find_first_not_of(" \n")));
  return std::regex_match(first_line, parts, form) ? parts[3].str() : first_line;
}

} // namespace LAMMPS_NS
