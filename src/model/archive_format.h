#ifndef NFLOW_MODEL_ARCHIVE_FORMAT_H
#define NFLOW_MODEL_ARCHIVE_FORMAT_H

#include <string>

namespace nflow {

/// The "format" that the nflow.json of an archive claims; empty if it has none. Throws Error if it
/// is no archive.
std::string archive_format(const std::string &path);

} // namespace nflow

#endif
