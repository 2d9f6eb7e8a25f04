#include "architectures/source_text.h"

#include <sstream>
#include <stdexcept>
#include <vector>

namespace nflow {

namespace {

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// Lines between #each (or #reverse) and #end: one text for all numbers, or one each for even and
/// odd.
struct Block {
  bool reverse = false;
  std::string counter;
  std::string lines[2];

  void begin(std::istringstream &words, const std::string &direction, int &parity) {
    reverse = direction == "#reverse";
    std::string word;
    words >> word;
    parity = word == "even" ? 0 : word == "odd" ? 1 : -1;
    if (parity >= 0) words >> word;
    counter = word;
  }
  void add(const std::string &line, int parity) {
    if (parity != 1) lines[0] += line + "\n";
    if (parity != 0) lines[1] += line + "\n";
  }
  std::string expanded(int count) const {
    std::string text;
    for (int i = 0; i < count; i++) {
      const int number = reverse ? count - 1 - i : i;
      text += replaced(lines[number % 2], "{" + counter + "}", std::to_string(number));
    }
    return text;
  }
};

} // namespace

std::string expanded_source(const std::string &name,
                            const std::map<std::string, std::string> &values,
                            const std::map<std::string, int> &counts) {
  const auto found = source_table().find(name);
  if (found == source_table().end()) throw std::logic_error("no TorchScript source '" + name + "'");
  std::istringstream input(found->second);
  std::string line, text;
  Block block;
  bool inside = false;
  int parity = -1;
  while (std::getline(input, line)) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "#each" || first == "#reverse") {
      block.begin(words, first, parity);
      inside = true;
    } else if (first == "#end") {
      text += block.expanded(counts.at(block.counter));
      block = Block();
      inside = false;
    } else if (inside) {
      block.add(line, parity);
    } else {
      text += line + "\n";
    }
  }
  for (const auto &[key, value] : values) text = replaced(text, "{" + key + "}", value);
  return text;
}

} // namespace nflow
