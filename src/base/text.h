#ifndef NFLOW_BASE_TEXT_H
#define NFLOW_BASE_TEXT_H

#include <string>
#include <vector>

namespace nflow {

/// A number for a sentence or a file: up to `digits` significant digits, no zeros at the end.
std::string number(double value, int digits = 6);

/// The words of a line, which blanks separate.
std::vector<std::string> words_of(const std::string &line);

} // namespace nflow

#endif
