#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <new>
#include <sstream>
#include <stdexcept>

namespace nflow {

std::string number(double value, int digits) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

std::vector<std::string> words_of(const std::string &line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string one_line(const std::string &text) {
  constexpr size_t most = 2000, shown = 200;
  std::string line;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    line += code < 0x20 || code == 0x7f ? ' ' : c;
  }
  line.erase(0, line.find_first_not_of(' '));
  line.erase(line.find_last_not_of(' ') + 1);
  if (line.size() <= most) return line;
  // The sentence that comes after a long word says what to do.
  return line.substr(0, shown) + " .. " + line.substr(line.size() - shown);
}

std::string sentence_of(const std::exception &exception) {
  if (dynamic_cast<const std::bad_alloc *>(&exception) ||
      dynamic_cast<const std::length_error *>(&exception))
    return "there is not enough memory for this: ask for less, or give less data";
  const std::string text = exception.what();
  const auto begin = std::min(text.find_first_not_of(" \n"), text.size());
  const auto line = one_line(text.substr(begin, text.find('\n', begin) - begin));
  return line.empty() ? "an unknown error" : line;
}

std::string clock_text(double seconds) {
  char text[32];
  const auto whole = static_cast<long>(seconds + 0.5);
  std::snprintf(text, sizeof(text), "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

} // namespace nflow
