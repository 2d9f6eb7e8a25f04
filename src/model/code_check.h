#ifndef NFLOW_MODEL_CODE_CHECK_H
#define NFLOW_MODEL_CODE_CHECK_H

#include "model/archive_records.h"

namespace nflow {

/// Reads the code of an archive as LibTorch's parser does, before any of it runs: loading compiles
/// it, and runs what stands as default value of an argument or as constant of a class, and
/// `__setstate__`. Allows modules and named tuples, operators of the list of
/// allowed_operators.h, and no state. Throws Error with the operator and the method that has it.
void check_code(const ArchiveRecords &archive, const std::string &path);

} // namespace nflow

#endif
