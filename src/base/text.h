#ifndef NFLOW_BASE_TEXT_H
#define NFLOW_BASE_TEXT_H

#include <exception>
#include <string>
#include <vector>

namespace nflow {

/// A number for a sentence or a file: up to `digits` significant digits, no zeros at the end.
std::string number(double value, int digits = 6);
/// "3:07" of minutes and seconds.
std::string clock_text(double seconds);

/// The words of a line, which blanks separate.
std::vector<std::string> words_of(const std::string &line);

/// The text as one line of printable characters; one that is too long to read is shortened.
std::string one_line(const std::string &text);

/// What an exception says, as one line: memory that is not to be had is told as what was asked for.
std::string sentence_of(const std::exception &exception);

} // namespace nflow

#endif
