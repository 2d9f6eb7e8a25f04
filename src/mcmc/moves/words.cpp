#include "mcmc/moves/words.h"

#include "base/error.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace nflow::mcmc {

namespace {

/// Stops as LAMMPS does for a word with other letters than these.
void require_letters(const std::string &word, const char *letters, const char *kind) {
  if (!word.empty() && word.find_first_not_of(letters) == std::string::npos) return;
  throw Error(std::string("Expected ") + kind + " parameter instead of '" + word +
              "' in input script or data file");
}

} // namespace

const std::string &Words::next() const {
  static const std::string none;
  return empty() ? none : words_[taken_];
}

bool Words::take_if(const char *word) {
  if (empty() || words_[taken_] != word) return false;
  taken_++;
  return true;
}

const std::string &Words::take(const std::string &what) {
  if (empty()) throw Error(what + " is missing");
  return words_[taken_++];
}

double Words::take_number(const std::string &what) {
  const std::string &word = take(what);
  require_letters(word, "0123456789-+.eE", "floating point");
  char *end = nullptr;
  errno = 0;
  const double value = std::strtod(word.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || !std::isfinite(value))
    throw Error(what + " is '" + word + "', which is no number that can be used: give another");
  return value;
}

int Words::take_integer(const std::string &what) {
  const std::string &word = take(what);
  require_letters(word, "0123456789-+", "integer");
  char *end = nullptr;
  const long value = std::strtol(word.c_str(), &end, 10);
  if (*end != '\0' || value != static_cast<int>(value))
    throw Error(what + " is '" + word + "', which is no number that can be used: give another");
  return static_cast<int>(value);
}

} // namespace nflow::mcmc
