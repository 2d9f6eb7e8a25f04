#ifndef NFLOW_MODEL_PICKLE_CHECK_H
#define NFLOW_MODEL_PICKLE_CHECK_H

#include "model/archive_records.h"

namespace nflow {

/// Follows the pickle `name` ("data" or "constants") of an archive without making anything of it:
/// only what LibTorch writes for modules, numbers, texts, lists, tuples, dicts and dense tensors of
/// ordinary numbers, nothing that contains itself, and every tensor within the bytes that are
/// stored for it. LibTorch's reader checks none of this. Throws Error.
void check_pickle(const ArchiveRecords &archive, const std::string &name, const std::string &path);

} // namespace nflow

#endif
