#ifndef NFLOW_TESTS_MUTATIONS_H
#define NFLOW_TESTS_MUTATIONS_H

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace nflow::tests {

/// Damages texts in the ways in which files and command lines are wrong: by accident (bytes, lines
/// that are missing or there twice, files that are cut off) and by numbers that no one means.
class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  size_t below(size_t count) { return random_() % count; }

  /// One to three mutations of a file.
  std::string file(std::string text) {
    for (size_t left = 1 + below(3); left > 0; left--) text = once(std::move(text));
    return text;
  }
  /// Instead of a word.
  std::string word() {
    static const std::vector<std::string> words = {
        "nan",  "inf",        "-inf",   "1e400", "-1e308", "1e-320", "1e308", "0",
        "-1",   "0.5",        "1e100",  "-0",    "0x10",   "x",      "%n%s",  "1e",
        "1.5x", "2147483648", "ITEM:",  "# T",   "Step",   "\xff",   "",      "9999999999",
        "1 2",  "true",       "../../", "[1, 2", "\"",     "1,2",    "()",    "+",
        "id",   "pp",         "Loop",   "\n",    "\t",     "/",      ".",     "-"};
    if (below(40) == 0) return std::string(20000, '(');
    return words[below(words.size())];
  }
  /// One or two words of a command line.
  std::vector<std::string> arguments(std::vector<std::string> words) {
    for (size_t left = 1 + below(2); left > 0 && !words.empty(); left--) {
      const size_t at = below(words.size());
      const auto kind = below(4);
      if (kind == 0)
        words.erase(words.begin() + static_cast<long>(at));
      else if (kind == 1)
        words.insert(words.begin() + static_cast<long>(at), words[below(words.size())]);
      else
        words[at] = word();
    }
    return words;
  }

 private:
  std::string once(std::string text) {
    if (text.empty()) return word();
    const size_t at = below(text.size());
    switch (below(8)) {
    case 0:
      text[at] = static_cast<char>(below(256));
      return text;
    case 1:
      return text.insert(at, 1, static_cast<char>(below(256)));
    case 2:
      return text.erase(at, 1 + below(40));
    case 3:
      return below(4) ? text.substr(0, at) : text + text.substr(at);
    case 4:
      return line(std::move(text), at);
    default:
      return replaced_word(std::move(text), at);
    }
  }
  /// A line goes, or comes twice.
  std::string line(std::string text, size_t at) {
    const size_t begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (end <= begin) return text;
    if (below(2)) return text.erase(begin, end - begin);
    return text.insert(begin, text.substr(begin, end - begin));
  }
  std::string replaced_word(std::string text, size_t at) {
    const char *blanks = " \t\n=,";
    const size_t begin = std::min(text.find_first_not_of(blanks, at), text.size());
    const size_t end = std::min(text.find_first_of(blanks, begin), text.size());
    return text.replace(begin, end - begin, word());
  }

  std::mt19937_64 random_;
};

} // namespace nflow::tests

#endif
