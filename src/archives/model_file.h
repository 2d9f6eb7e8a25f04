#ifndef NFLOW_ARCHIVES_MODEL_FILE_H
#define NFLOW_ARCHIVES_MODEL_FILE_H

#include "model/metadata.h"

#include <torch/script.h>

#include <string>

namespace nflow {

/// Writes a model or energy file that load_archive() reads, with the digest of its weights filled
/// in. It is made in memory, for LibTorch ends the process where the disk is full; what stood at
/// `path` stays until all is written. Throws Error.
void write_model_file(const torch::jit::Module &module, Metadata metadata, const std::string &path);

} // namespace nflow

#endif
