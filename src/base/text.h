#ifndef NFLOW_BASE_TEXT_H
#define NFLOW_BASE_TEXT_H

#include <cstdio>
#include <string>

namespace nflow {

/// A number for a sentence, with as many digits as a user would give: 0.3, 1.38, 1e+20.
inline std::string short_text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

} // namespace nflow

#endif
