#ifndef NFLOW_TESTS_REFUSAL_H
#define NFLOW_TESTS_REFUSAL_H

#include "base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace nflow::tests {

/// The sentence of the Error that `call` throws; empty if it throws none.
template <typename Call>
std::string refusal(const Call &call) {
  try {
    call();
    return "";
  } catch (const Error &e) {
    return e.what();
  }
}

/// One sentence: one line, that has `part` and says what to do after a colon.
inline void expect_sentence(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << "got: " << text << "\nwanted: " << part;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_NE(text.find(':'), std::string::npos) << text;
}

} // namespace nflow::tests

#endif
