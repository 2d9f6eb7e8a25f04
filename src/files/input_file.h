#ifndef NFLOW_FILES_INPUT_FILE_H
#define NFLOW_FILES_INPUT_FILE_H

#include <cstdint>
#include <string>

namespace nflow {

/// The size of a file that somebody is about to read, whole. Throws Error with the sentence
/// `missing` where it cannot be opened, and with one of its own where it is no regular file: pipes
/// and devices need not end, and wait for whoever opens them.
int64_t require_regular_file(const std::string &file, const std::string &missing);

/// The same for a model or energy file.
void require_model_file(const std::string &file);

/// All of the bytes of such a file.
std::string bytes_of(const std::string &file, const std::string &missing);

} // namespace nflow

#endif
