#ifndef NFLOW_TESTS_SENTENCE_H
#define NFLOW_TESTS_SENTENCE_H

#include "base/error.h"

#include <string>

namespace nflow::tests {

/// The sentence that `work` throws, or nothing.
template <class Work>
std::string sentence(const Work &work) {
  try {
    work();
  } catch (const Error &e) {
    return e.what();
  }
  return "";
}

} // namespace nflow::tests

#endif
